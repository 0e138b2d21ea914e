"""One look at a regulated quantity, and what somebody wants changed about it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from operando.environment.authority import Authority
from operando.vocabulary import AxisState, Mode, Quality, Reading

if TYPE_CHECKING:
    from concurrent.futures import Future


@dataclass(frozen=True, slots=True)
class Change:
    """An accepted request on its way to the thread that owns the instrument.

    Parameters
    ----------
    field : str
        ``target``, ``tolerance``, ``settle_time``, ``ramp_rate``, ``mode``, ``drive``, ``stop``, ``start``, ``safe``
        or ``reset``.
    value : float
        In the internal unit of the field.
    id : str
        Of the request.
    done : Future, optional
        Resolved once the change has been carried out: with nothing, or with the reason why it was not.
    text : str
        Of a field that takes words: the `Mode` that is asked for.
    """

    field: str
    value: float = 0.0
    id: str = ""
    done: "Future[str] | None" = None
    text: str = ""

    def carried_out(self, but: str = "") -> None:
        """Tell whoever waits that this is done, or why not; a change that is tried again tells once."""
        if self.done and not self.done.done():
            self.done.set_result(but)


@dataclass(frozen=True, slots=True)
class Axis:
    """What a regulated quantity is like after one step.

    Parameters
    ----------
    readback : Reading
        Measured.
    setpoint : float
        Demanded now; not a number where nothing is.
    target : float
        Asked for; not a number where nothing is.
    drive : Reading
        What the actuator was told.
    mode : Mode
        Who decides the drive.
    state : AxisState
        Where it is on its way.
    settled : bool
        Within tolerance for the settle time.
    settled_id : str
        The last request whose target was reached.
    tolerance, settle_time, ramp_rate : float
        Unit of the quantity, s, unit per second.
    facts : mapping of str to bool
        What the interlocks shall know of the actuator, by the names in `operando.vocabulary.FACTS`.
    authority : Authority or None
        What is left of the stroke, where there is one.
    id : str
        The request for the target, until another one; empty where nobody has asked.
    """

    readback: Reading
    setpoint: float
    target: float
    drive: Reading
    mode: Mode
    state: AxisState
    settled: bool
    settled_id: str
    tolerance: float
    settle_time: float
    ramp_rate: float
    facts: Mapping[str, bool] = field(default_factory=dict)
    authority: Authority | None = None
    id: str = ""

    @property
    def demanded(self) -> Reading:
        """The setpoint, at the time of the readback."""
        return _known(self.setpoint, self.readback.time_ns)

    @property
    def asked(self) -> Reading:
        """The target, at the time of the readback."""
        return _known(self.target, self.readback.time_ns)


def _known(value: float, time_ns: int) -> Reading:
    return Reading(value, time_ns, Quality.INVALID if math.isnan(value) else Quality.GOOD)
