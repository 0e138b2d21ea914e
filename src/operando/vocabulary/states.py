"""Enumerations and requests that cross process borders as EPICS records."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """Who decides the drive."""

    CLOSED_LOOP = "closed_loop"
    """The regulator, from the readback."""
    CONSTANT_VOLUME = "constant_volume"
    """Nobody: the drive is frozen and the pressure is free."""
    MANUAL = "manual"
    """The operator."""
    RELEASED = "released"
    """The safe state: the drive went to its low limit at the slew limit."""


class AxisState(StrEnum):
    """Where a regulated quantity is on its way to its target."""

    IDLE = "idle"
    """Regulated where it was found; nobody asked for a target yet."""
    RAMPING = "ramping"
    """The setpoint is on its way to the target."""
    SETTLING = "settling"
    """The setpoint is at the target, the readback not yet long enough within tolerance."""
    SETTLED = "settled"
    """Within tolerance for the settle time."""
    HELD = "held"
    """A stop froze the target where the setpoint was."""
    FREE = "free"
    """Nobody regulates: the drive stands, frozen or set by hand, and the quantity goes where it goes."""
    FAULT = "fault"
    """The readback or the actuator cannot be trusted; the drive stays where it is."""
    SAFE = "safe"
    """Released by ``safe``; a new target is refused until reset."""


class ProgrammeState(StrEnum):
    """Life of a cell programme."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    """Somebody asked for a rest: the cell is at open circuit, and the programme can go on from where it was."""
    FINISHED = "finished"
    """Ended by its own limits."""
    STOPPED = "stopped"
    """Ended by an operator or by ``safe``; the cell is at open circuit."""
    FAULT = "fault"
    """The instrument reported an error; the cell is at open circuit as far as the host can tell."""


class Keeping(StrEnum):
    """Whether what is measured can be kept; in the order of severity."""

    GOOD = "good"
    WARNING = "warning"
    """It can, but somebody should look after it."""
    PAUSE = "pause"
    """It cannot: exposures wait."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client writes, as one JSON object, into a ``…:REQUEST`` record.

    Parameters
    ----------
    id : str
        Made by the client, unique; ``…:SETTLED_ID`` equal to it means done.
    who : str
        User, program and host, as it shall appear in refusals and in the log.
    field : str
        What is asked for: ``target``, ``tolerance``, ``settle_time``, ``ramp_rate``, ``stop``, ``reset`` (regulated
        quantities); ``mode``, ``drive`` (the stack pressure); ``start``, ``stop``, ``pause``, ``resume``, ``end_step``,
        ``load``, ``reset`` (a cell programme);
        ``own``, ``disown``, ``hold``, ``safe`` (the endstation).
    value : float
        In the internal unit of the field; ignored by commands as ``stop`` and ``start``.
    text : str
        Where words are asked for, the word: a `Mode` for ``mode``; the text of a cell programme for ``load``.
    """

    id: str
    who: str
    field: str
    value: float = 0.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat of a process, as one JSON object in its ``HEARTBEAT:…`` record, once a second.

    Parameters
    ----------
    who : str
        As in the requests of the same process.
    count : int
        Beats before this one.
    last : bool
        The process ends in order: nobody shall miss it.
    """

    who: str
    count: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The service's answer to a `Request`, as one JSON object in ``…:REPLY``."""

    id: str
    accepted: bool
    text: str
