"""What an interlock looks for: one frozen class a condition, plain arithmetic on readings.

A verdict is yes, no, or unknown; unknown changes nothing. What may be regulated on may be judged: a reading that is not
GOOD leaves a limit unknown, and is a matter for `Doubtful`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from operando.vocabulary import Quality, Reading

Numbers = tuple[tuple[float, ...], ...]
NAN = math.nan


@dataclass(frozen=True, slots=True)
class Look:
    """What a condition is shown.

    Parameters
    ----------
    readings : mapping of str to Reading
        The newest of everything.
    reading : Reading or None
        The newest of what the interlock watches; None where there never was one.
    fresh : bool
        It came since the last look.
    quiet : float
        s since the last one came.
    clock : float
        s, on a clock that only runs forwards.
    """

    readings: Mapping[str, Reading]
    reading: Reading | None
    fresh: bool
    quiet: float
    clock: float

    def good(self, name: str) -> float | None:
        """Return the newest value of something else, where it may be relied on."""
        return believed(self.readings.get(name))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a condition says.

    Parameters
    ----------
    met : bool or None
        None where it cannot be judged.
    value : float
        What was compared with the limit.
    memory : Numbers
        Handed back to the condition at the next look.
    """

    met: bool | None
    value: float = NAN
    memory: Numbers = ()


UNKNOWN = Verdict(None)


class Condition(Protocol):
    """Something that is so, not so, or unknown."""

    every_step: ClassVar[bool]
    """Judged at every step; otherwise only on new readings, so that one reading cannot count twice."""
    stands: ClassVar[bool]
    """A reset waits until it no longer holds. Otherwise the reset itself begins it anew: its memory is forgotten."""

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Look at readings."""

    def words(self, value: float, unit: str) -> str:
        """Say what was found, and the limit; ``unit`` is that of the watched quantity."""


def believed(reading: Reading | None) -> float | None:
    """Return the value of a reading that may be regulated on."""
    if reading is None or reading.quality is not Quality.GOOD or not math.isfinite(reading.value):
        return None
    return reading.value


def measured(reading: Reading | None) -> float | None:
    """Return the value of a reading that is a measurement, doubtful or not: an overload shows what was overloaded."""
    if reading is None or reading.quality is Quality.INVALID or not math.isfinite(reading.value):
        return None
    return reading.value


@dataclass(frozen=True, slots=True)
class Above:
    """The value is above a limit.

    Parameters
    ----------
    limit : float
        In the unit of the quantity.
    doubtful : bool
        A doubtful measurement counts, too.
    """

    limit: float
    doubtful: bool = False
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = True

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare."""
        value = (measured if self.doubtful else believed)(look.reading)
        return UNKNOWN if value is None else Verdict(value > self.limit, value)

    def words(self, value: float, unit: str) -> str:
        """Name value and limit."""
        return f"{value:.6g} {unit} is above {self.limit:g} {unit}"


@dataclass(frozen=True, slots=True)
class Below:
    """The value is below a limit.

    Parameters
    ----------
    limit : float
        In the unit of the quantity.
    doubtful : bool
        A doubtful measurement counts, too.
    """

    limit: float
    doubtful: bool = False
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = True

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare."""
        value = (measured if self.doubtful else believed)(look.reading)
        return UNKNOWN if value is None else Verdict(value < self.limit, value)

    def words(self, value: float, unit: str) -> str:
        """Name value and limit."""
        return f"{value:.6g} {unit} is below {self.limit:g} {unit}"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """No reading may be relied on: no reply, a refusal, a status bit, not a number, an impossible jump."""

    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = True

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Look at the quality."""
        return Verdict(believed(look.reading) is None, look.reading.value if look.reading else NAN)

    def words(self, value: float, unit: str) -> str:
        """Say what it means."""
        return "is not measured: no reading that can be relied on"


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no measurement at all: no reply, a lost line, not a number. A doubtful one is one."""

    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = True

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Look whether there is a number."""
        return Verdict(measured(look.reading) is None, look.reading.value if look.reading else NAN)

    def words(self, value: float, unit: str) -> str:
        """Say what it means."""
        return "is not measured: nothing comes from the instrument"


@dataclass(frozen=True, slots=True)
class Stale:
    """No reading came for some time, s."""

    limit: float
    every_step: ClassVar[bool] = True
    stands: ClassVar[bool] = True

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Look at the age."""
        return Verdict(look.quiet > self.limit, look.quiet)

    def words(self, value: float, unit: str) -> str:
        """Name age and limit."""
        return f"{value:.1f} s old, older than {self.limit:g} s"


@dataclass(frozen=True, slots=True)
class Holds:
    """A flag is set."""

    every_step: ClassVar[bool] = True
    stands: ClassVar[bool] = True

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Look at the flag."""
        value = believed(look.reading)
        return UNKNOWN if value is None else Verdict(value > 0.5, value)

    def words(self, value: float, unit: str) -> str:
        """Say that it is so."""
        return "is so"


@dataclass(frozen=True, slots=True)
class HeldInSample(Holds):
    """A flag that comes with each sample, and with it alone: an older one says nothing of now."""

    every_step: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class HoldsUntilReset(Holds):
    """A flag is set, and whoever raised it lowers it only when told to reset, or says then why it cannot be lowered."""

    stands: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Saturated:
    """The drive stands at its low or high limit while there is a setpoint to regulate to."""

    low: float
    high: float
    setpoint: str
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = True
    NEAR: ClassVar[float] = 1e-3
    """Of the unit: below what a drive is written with."""

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare with both ends."""
        value = believed(look.reading)
        if value is None:
            return UNKNOWN
        at_end = not self.low + self.NEAR < value < self.high - self.NEAR
        return Verdict(at_end and look.good(self.setpoint) is not None, value)

    def words(self, value: float, unit: str) -> str:
        """Name value and both ends."""
        return f"{value:.3f} {unit} is at the end of its range, {self.low:g} to {self.high:g} {unit}"
