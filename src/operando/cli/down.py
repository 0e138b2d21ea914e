"""``operando down``: end an endstation's processes, and say what that leaves in the cell."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Annotated

import typer

from operando.cli.options import RootOption, running_root
from operando.cli.report import progress
from operando.endstation import Root
from operando.errors import EndstationError, SafeStateMissed

LOADED = 1.0
"""MPa; below it a cell is only touched by the pistons."""
STOP_LIMIT = 60.0
POLL = 0.1


def down(
    root: RootOption = None,
    hold: Annotated[bool, typer.Option("--hold", help="Leave drive, heater and cell script as they are.")] = False,
    safe: Annotated[bool, typer.Option("--safe", help="First open circuit, heater off, pressure released.")] = False,
) -> None:
    """End the endstation's processes; a loaded cell needs --hold or --safe."""
    place = running_root(root)
    if hold and safe:
        raise EndstationError("--hold and --safe exclude each other; name one")
    if place.owner("environment") and not (hold or safe):
        _refuse_loaded(place)
    if safe:
        go_safe(place)
    take_down(place)
    progress(
        "stopped; " + ("the cell is in its safe state" if safe else "drive, heater and cell script stay as they are")
    )


def take_down(place: Root) -> None:
    """End the supervisor, and with it every process, in order.

    Raises
    ------
    EndstationError
        Nothing runs there, or it did not end in time.
    """
    owners = [pid for kind in ("supervisor", "recorder", "environment", "sim") if (pid := place.owner(kind))]
    if not owners:
        raise EndstationError(f"{place.path}: nothing runs here")
    supervisor = place.owner("supervisor")
    for pid in [supervisor] if supervisor else owners:
        os.kill(pid, signal.SIGTERM)
    _wait_until(lambda: not any(place.owner(kind) for kind in ("supervisor", "recorder", "environment", "sim")))


def go_safe(place: Root) -> None:
    """Ask the environment service for the safe state and wait until the pressure is released.

    Raises
    ------
    ServiceSilent
        The service does not answer.
    SafeStateMissed
        Something is not in its safe state; nothing was stopped, since the service goes on trying.
    """
    from operando.cli.desk import make_safe

    outcome = make_safe(place)
    progress("\n".join(outcome.lines))
    if outcome.failure:
        raise SafeStateMissed(f"{outcome.failure}; the service goes on trying, and nothing was stopped")


def _refuse_loaded(place: Root) -> None:
    from operando.history import EnvironmentHistory

    history = EnvironmentHistory(place.path / "environment")
    try:
        last = history.last("stack_pressure")
    finally:
        history.close()
    if last is not None and not last.value < LOADED:
        raise EndstationError(
            f"the cell is loaded ({last.value:.2f} MPa); say --hold (drive, heater and cell script stay as they are) "
            "or --safe (open circuit, heater off, pressure released); nothing was stopped"
        )


def _wait_until(condition: Callable[[], bool], limit: float = STOP_LIMIT) -> None:
    pause = threading.Event()
    for _ in range(int(limit / POLL)):
        if condition():
            return
        pause.wait(POLL)
    raise EndstationError(f"not reached within {limit:.0f} s; look at `operando status`")
