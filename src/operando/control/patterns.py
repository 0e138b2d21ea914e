"""Conditions with a memory: what only shows in a stretch of readings, or in several quantities together."""

import math
from dataclasses import dataclass
from statistics import median
from typing import ClassVar

from operando.control.conditions import Look, Numbers, Verdict, believed

SECONDS_PER_HOUR = 3600.0
LEAST_CHARGE = 1e-9
"""A h, of rounding."""


def grown(memory: Numbers, clock: float, value: float, window: float) -> Numbers:
    """Return the samples of the last ``window`` s, with one more."""
    return (*(sample for sample in memory if sample[0] > clock - window), (clock, value))


def slope(samples: Numbers, window: float) -> float | None:
    """Return the rate of change, unit per second, over samples that fill at least three quarters of a window.

    The median of the slopes over half of the samples: a single outlier spoils one of them, and noise is averaged.

    Examples
    --------
    >>> slope(((0.0, 1.0), (0.1, 1.1), (0.2, 9.0), (0.3, 1.3), (0.4, 1.4), (0.5, 1.5)), 0.5)
    1.0
    """
    half = len(samples) // 2
    if half < 3 or samples[-1][0] - samples[0][0] < 0.75 * window:
        return None
    pairs = zip(samples, samples[half:], strict=False)
    return round(median((late[1] - early[1]) / (late[0] - early[0]) for early, late in pairs), 12)


@dataclass(frozen=True, slots=True)
class RisesFaster:
    """The value rises faster than a limit, unit per second, over a window, s."""

    limit: float
    window: float
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = True

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare the slope."""
        value = believed(look.reading)
        if value is None:
            return Verdict(None, memory=memory)
        samples = grown(memory, look.clock, value, self.window)
        rate = slope(samples, self.window)
        return Verdict(None, memory=samples) if rate is None else Verdict(rate > self.limit, rate, samples)

    def words(self, value: float, unit: str) -> str:
        """Name slope and limit."""
        return f"rises at {value:.4g} {unit}/s, faster than {self.limit:g} {unit}/s over {self.window:g} s"


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Much heat, little effect: the output is above a limit, the temperature is far below its setpoint and stays.

    Parameters
    ----------
    limit : float
        %, of the output.
    """

    limit: float
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = False
    MARGIN: ClassVar[float] = 2.0
    """K below the setpoint: nearer, a high output may be what keeps the temperature."""
    RISE: ClassVar[float] = 1.0
    """K that count as an effect."""

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare with the temperature at which the output became high."""
        value, output, wanted = believed(look.reading), look.good("heater_drive"), look.good("temperature_setpoint")
        if value is None or output is None or wanted is None:
            return Verdict(None, memory=memory)
        if output < self.limit or wanted - value < self.MARGIN:
            return Verdict(False, value)
        if not memory or value - memory[0][0] >= self.RISE:
            return Verdict(bool(not memory), value, ((value,),))
        return Verdict(True, value, memory)

    def words(self, value: float, unit: str) -> str:
        """Name value and limit."""
        return f"{value:.1f} {unit}, not rising by {self.RISE:g} K with the heater output above {self.limit:g} %"


@dataclass(frozen=True, slots=True)
class Runaway:
    """Heat from nowhere: the output is off and the temperature rises faster than a limit, K/s, over a window, s."""

    limit: float
    window: float
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = True
    OFF: ClassVar[float] = 1.0
    """%, a smaller output cannot heat."""

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare the slope while the output is off."""
        value, output = believed(look.reading), look.good("heater_drive")
        if value is None or output is None:
            return Verdict(None, memory=memory)
        if output > self.OFF:
            return Verdict(False, value)
        samples = grown(memory, look.clock, value, self.window)
        rate = slope(samples, self.window)
        return Verdict(None, memory=samples) if rate is None else Verdict(rate > self.limit, rate, samples)

    def words(self, value: float, unit: str) -> str:
        """Name slope and limit."""
        return f"rises at {value:.4g} K/s, faster than {self.limit:g} K/s, with the heater output off"


@dataclass(frozen=True, slots=True)
class Couplings:
    """What moves the stack pressure.

    Parameters
    ----------
    drive : float
        MPa/V, of the piezo.
    temperature : float
        MPa/K, of the frame.
    charge : float
        MPa/(A h), of the cell that breathes.
    """

    drive: float
    temperature: float
    charge: float


@dataclass(frozen=True, slots=True)
class Unexplained:
    """The drive is further than a limit, V, from what pressure, temperature and charge explain: the sensor may lie.

    A regulator follows a drifting sensor with the drive. Where the drive should be follows from where it was at the
    first look (after a start or a reset) and what pressure, temperature and charge have done since. Hysteresis, creep
    and couplings that are not quite known widen the window with what is explained; a drift inside it cannot be told.

    Parameters
    ----------
    limit : float
        V.
    couplings : Couplings
        As identified.
    """

    limit: float
    couplings: Couplings
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = False
    SHARE: ClassVar[float] = 0.2
    """Of what is explained: 12 % of large-signal hysteresis of the piezo, the rest for the couplings."""
    PAUSE: ClassVar[float] = 4.0
    """Sample intervals of a step without a sample of the cell, after which another programme may have begun."""
    SHORTEST_PAUSE: ClassVar[float] = 2.0
    """s; a step may be sampled faster than its line is listened to."""

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare the drive with what is explained."""
        drive, pressure = believed(look.reading), look.good("stack_pressure")
        temperature = look.good("temperature")
        reference, counted = memory or ((), (0.0, math.nan, math.nan, 0.0))
        counted = self._counted(look, counted)
        if drive is None or pressure is None or temperature is None:
            return Verdict(None, memory=(reference, counted))
        if not reference:
            return Verdict(False, 0.0, ((drive, pressure, temperature), (0.0, *counted[1:])))
        parts = (
            pressure - reference[1],
            -self.couplings.temperature * (temperature - reference[2]),
            -self.couplings.charge * counted[0],
        )
        explained = reference[0] + sum(parts) / self.couplings.drive
        window = self.limit + self.SHARE * sum(map(abs, parts)) / self.couplings.drive
        off = drive - explained
        return Verdict(abs(off) > window, off, (reference, counted))

    def words(self, value: float, unit: str) -> str:
        """Name distance and limit."""
        window = f"{self.limit:g} {unit} and {self.SHARE:.0%}"
        return f"{value:+.2f} {unit} off what pressure, temperature and charge explain, more than {window} of that"

    def _counted(self, look: Look, before: tuple[float, ...]) -> tuple[float, ...]:
        """Return the charge passed since the reference; of the last sample time (s), charge (A h) and interval (s).

        The charge of a programme begins at zero: after a pause a small one is new, and so is one that the current
        could not have reached from the last one, but is nearer to zero than to that. A spectrum and a held voltage pass
        some charge that is told behind them, when no current flows any more.
        """
        total, last, charged, interval = before
        charge, current = look.readings.get("charge"), look.good("current")
        value = believed(charge)
        if charge is None or value is None or current is None or charge.time_ns * 1e-9 == last:
            return before
        now, stated = charge.time_ns * 1e-9, look.good("sample_interval") or 0.0
        pause = max(self.SHORTEST_PAUSE, self.PAUSE * max(interval, stated))
        passed, flow = now - last, 2.0 * abs(current) / SECONDS_PER_HOUR
        begun = passed > pause and abs(value) <= flow * pause
        if math.isnan(last):
            return total, now, value, stated
        unreachable = abs(value - charged) > flow * passed + LEAST_CHARGE
        if begun or (unreachable and abs(value) < abs(value - charged)):
            return total + value, now, value, stated
        return total + value - charged, now, value, stated
