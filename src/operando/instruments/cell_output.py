"""What a potentiostat says while a cell programme runs: samples, points of a spectrum, ends of steps, its clock."""

import math
from dataclasses import dataclass

from operando.vocabulary import End, Quality

OVERLOAD = 2
"""Status bit of a measured value: the instrument is at its limit of current or voltage."""
SUSPICIOUS = 0b1011
"""Status bits of a value that was measured, but not to be relied on: timing, overload, overload warning."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One data packet of a cell programme.

    Parameters
    ----------
    voltage : float
        V between the terminals of the cell.
    current : float
        A, charge positive.
    elapsed : float
        s since the programme started, on the instrument's own clock.
    cycle, step : int
        From 1, as in the programme; step 0 while it is paused.
    status : int
        Status bits of voltage and current together: 1 timing, 2 overload, 4 underload, 8 overload warning.
    time_ns : int
        UTC, ns since the epoch, of the measurement: ``elapsed`` mapped to the host's clock.
    arrival_ns : int
        UTC, ns since the epoch, when the host took the packet off the line.
    run : int
        Steps begun since the programme's start, this one included.
    step_charge : float
        A h that passed in this step by the instrument's own count, charging positive; not a number where it does not
        count.
    uncertainty_ns : int
        ns, standard uncertainty of ``time_ns``.
    charge_before : float
        A h that passed before this step, since the programme began, by the instrument's own count; not a number where
        it does not count.
    """

    voltage: float
    current: float
    elapsed: float
    cycle: int
    step: int
    status: int
    time_ns: int
    arrival_ns: int
    run: int = 0
    step_charge: float = math.nan
    uncertainty_ns: int = 0
    charge_before: float = math.nan

    @property
    def quality(self) -> Quality:
        """INVALID without a number, SUSPECT where the instrument reports timing or overload."""
        if not (math.isfinite(self.voltage) and math.isfinite(self.current)):
            return Quality.INVALID
        return Quality.SUSPECT if self.status & SUSPICIOUS else Quality.GOOD


@dataclass(frozen=True, slots=True)
class ImpedancePoint:
    """One frequency of a spectrum.

    Parameters
    ----------
    frequency : float
        Hz.
    real, imaginary : float
        Ω; the imaginary part of a capacitor is below zero.
    elapsed : float
        s since the programme started, on the instrument's own clock, when the point was finished.
    cycle, step, run : int
        As of `Sample`.
    time_ns : int
        UTC, ns since the epoch, of ``elapsed``.
    status : int
        As of `Sample`.
    uncertainty_ns : int
        ns, standard uncertainty of ``time_ns``.
    """

    frequency: float
    real: float
    imaginary: float
    elapsed: float
    cycle: int
    step: int
    run: int
    time_ns: int
    status: int
    uncertainty_ns: int = 0

    @property
    def quality(self) -> Quality:
        """As of `Sample`."""
        if not all(map(math.isfinite, (self.frequency, self.real, self.imaginary))):
            return Quality.INVALID
        return Quality.SUSPECT if self.status & SUSPICIOUS else Quality.GOOD


@dataclass(frozen=True, slots=True)
class StepEnd:
    """How a step ended.

    Parameters
    ----------
    cycle, step, run : int
        As of `Sample`.
    end : End or None
        The condition of the step that was met. None where there was none: the host told, the step was complete, or
        for the safety of the cell.
    elapsed : float
        s since the programme started, on the instrument's own clock.
    time_ns : int
        UTC, ns since the epoch, of ``elapsed``.
    safety : str
        Which of the programme's safety limits was exceeded, in words; the programme ends with it.
    complete : bool
        A ramp or a spectrum came to its own end.
    uncertainty_ns : int
        ns, standard uncertainty of ``time_ns``.
    step_charge : float
        A h that passed in the whole step, as of `Sample`; the only count there is of a spectrum.
    charge_before : float
        As of `Sample`.
    """

    cycle: int
    step: int
    run: int
    end: End | None
    elapsed: float
    time_ns: int
    safety: str = ""
    complete: bool = False
    uncertainty_ns: int = 0
    step_charge: float = math.nan
    charge_before: float = math.nan

    @property
    def told(self) -> bool:
        """Whether the host ended it."""
        return self.end is None and not self.complete and not self.safety


@dataclass(frozen=True, slots=True)
class ProgrammeEnd:
    """How a programme ended.

    Parameters
    ----------
    finished : bool
        By its own limits; False where it was aborted or failed.
    error : str
        What the instrument said, empty where it ended in order.
    """

    finished: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """How the instrument's clock runs against the host's.

    Parameters
    ----------
    zero_ns : int
        UTC, ns since the epoch, of the instrument's zero.
    drift : float
        Host seconds in an instrument second, less one: above zero the instrument's clock is slow.
    drift_uncertainty : float
        Its standard uncertainty.
    uncertainty_ns : int
        ns, standard uncertainty of a measurement's time now.
    arrival_only : bool
        There are too few packets yet to tell a drift: times are of the arrival of the fastest, and say no more.
    """

    zero_ns: int
    drift: float
    drift_uncertainty: float
    uncertainty_ns: int
    arrival_only: bool


Said = Sample | ImpedancePoint | StepEnd
"""What comes from a running programme, in order."""
