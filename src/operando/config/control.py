"""Table of who is in control, and of what a restarted service believes."""

from operando.config._model import Positive, Table


class Control(Table):
    """``[control]``: requests and restarts of the environment service."""

    owner_lapse_s: Positive = 10.0
    """After the owner's last request or heartbeat."""
    memory_limit_s: Positive = 600.0
    """A service that was away for longer holds what it finds; a safe state and a trip stay latched all the same."""
