"""An instrument's own seconds mapped to the host's UTC, by offset and drift, with a standard uncertainty.

A packet can arrive late but never early: the differences between arrival and instrument time lie on or above a line,
whose slope is the drift of the two clocks. So of each span of time the fastest packet is kept, and of all lines that
lie below those of the last hour and a half the nearest is taken: an edge of their lower convex hull (S. B. Moon,
P. Skelly, D. Towsley, Estimation and removal of clock skew from network delay measurements, INFOCOM 1999). Packets that
waited for a host that was held up do not move it. Until there are enough, the drift is that of an ordinary quartz:
none, give or take 29 ppm.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from operando.instruments.cell_output import ClockReading

QUARTZ = 50e-6 / math.sqrt(3)
"""Standard uncertainty of a drift that nobody has measured: ±50 ppm, all alike probable."""
LEAP_NS = 10_000_000_000
"""ns; a packet waits less than this on a line that is listened to."""
TRANSPORT = 0.016 / math.sqrt(3)
"""s, standard uncertainty of what the fastest packet took, which is not corrected: an interface passes on what it has
every 16 ms (FTDI AN232B-04)."""
WAITING = 0.1 / math.sqrt(3)
"""s, the same of what a packet waits for a host that looks at its line ten times a second."""
SPAN = 5.0
"""s in which one packet, the fastest, counts; doubled whenever there are `MOST` spans, up to `LONGEST_SPAN`."""
LONGEST_SPAN = 80.0
LEAST_SCATTER = 1e-4
"""s, of the fastest packets about the line, even where they seem to have none."""
MOST = 64
FEW = 4
"""Spans, fewer than which say nothing of the drift."""
IMPOSSIBLE = 1e-3
"""Of a drift: no quartz is so bad."""
NS = 1e9


@dataclass(frozen=True, slots=True)
class InstrumentClock:
    """When the instrument's zero was, as far as the packets have told.

    Parameters
    ----------
    zero_ns : int or None
        UTC, ns since the epoch, of the first packet's zero, from which all else is counted; None before it.
    elapsed : float
        s, instrument time of the last packet.
    not_before_ns : int or None
        UTC, ns since the epoch: the zero lies after this, where that is known.
    doubted_ns : int or None
        The zero by a packet that was not believed; a second packet that says the same is.
    drift, drift_uncertainty : float
        Host seconds in an instrument second, less one; and its standard uncertainty.
    offset, offset_uncertainty : float
        s, of the line from ``zero_ns`` at the instrument time ``middle``; and its standard uncertainty.
    middle : float
        s, instrument time at which the line is known best.
    span : float
        s, length of the spans.
    fastest : tuple of (float, float)
        Instrument time (s) and delay (s after ``zero_ns``) of the fastest packet in each span.
    """

    zero_ns: int | None = None
    elapsed: float = 0.0
    not_before_ns: int | None = None
    doubted_ns: int | None = None
    drift: float = 0.0
    drift_uncertainty: float = QUARTZ
    offset: float = 0.0
    offset_uncertainty: float = WAITING
    middle: float = 0.0
    span: float = SPAN
    fastest: tuple[tuple[float, float], ...] = ()

    def believes(self, elapsed: float, arrival_ns: int) -> bool:
        """Return whether a packet can be of this time: neither from the future nor from before the last one."""
        zero = arrival_ns - round(elapsed * NS)
        if self.doubted_ns is not None and abs(zero - self.doubted_ns) < LEAP_NS:
            return True
        if self.zero_ns is None:
            return self.not_before_ns is None or zero > self.not_before_ns - LEAP_NS
        return arrival_ns > self.utc_ns(elapsed) - LEAP_NS and elapsed >= self.elapsed

    def doubting(self, elapsed: float, arrival_ns: int) -> "InstrumentClock":
        """Return the clock after a packet that is not believed."""
        return replace(self, doubted_ns=arrival_ns - round(elapsed * NS))

    def heard(self, elapsed: float, arrival_ns: int) -> "InstrumentClock":
        """Return the clock after a packet of instrument time ``elapsed`` (s) that arrived at ``arrival_ns``."""
        zero = arrival_ns - round(elapsed * NS)
        if self.zero_ns is None or elapsed < self.elapsed or self._leapt(elapsed, arrival_ns):
            fresh = InstrumentClock(zero, not_before_ns=self.not_before_ns)
            return fresh.heard(elapsed, arrival_ns)
        return self._fitted(elapsed, (zero - self.zero_ns) / NS)

    def utc_ns(self, elapsed: float) -> int:
        """Return UTC in ns since the epoch at an instrument time in s."""
        line = self.offset + self.drift * (elapsed - self.middle)
        return (self.zero_ns or 0) + round((elapsed + line) * NS)

    def uncertainty_ns(self, elapsed: float) -> int:
        """Return the standard uncertainty (ns) of `utc_ns`: of the line, and of what the fastest packet took."""
        drifted = self.drift_uncertainty * (elapsed - self.middle)
        return round(math.hypot(self.offset_uncertainty, drifted, TRANSPORT) * NS)

    @property
    def reading(self) -> ClockReading | None:
        """How the clock runs, at the time of the last packet; None before the first."""
        if self.zero_ns is None:
            return None
        return ClockReading(
            zero_ns=self.utc_ns(0.0),
            drift=self.drift,
            drift_uncertainty=self.drift_uncertainty,
            uncertainty_ns=self.uncertainty_ns(self.elapsed),
            arrival_only=len(self.fastest) < FEW,
        )

    def _leapt(self, elapsed: float, arrival_ns: int) -> bool:
        return arrival_ns <= self.utc_ns(elapsed) - LEAP_NS

    def _fitted(self, elapsed: float, delay: float) -> "InstrumentClock":
        fastest, span = _with(self.fastest, elapsed, delay, self.span), self.span
        if len(fastest) > MOST and span < LONGEST_SPAN:
            span *= 2
            fastest = _joined(fastest, span)
        fastest = fastest[-MOST:]
        offset, offset_uncertainty, middle, drift, drift_uncertainty = _line(fastest)
        return replace(
            self,
            elapsed=elapsed,
            doubted_ns=None,
            drift=drift,
            drift_uncertainty=drift_uncertainty,
            offset=offset,
            offset_uncertainty=offset_uncertainty,
            middle=middle,
            span=span,
            fastest=fastest,
        )


Points = tuple[tuple[float, float], ...]


def _with(points: Points, elapsed: float, delay: float, span: float) -> Points:
    """Add a packet: to the last span if it lies in it, and then only if it is the faster one."""
    if points and elapsed // span == points[-1][0] // span:
        return (*points[:-1], min(points[-1], (elapsed, delay), key=lambda point: point[1]))
    return (*points, (elapsed, delay))


def _joined(points: Points, span: float) -> Points:
    merged: Points = ()
    for elapsed, delay in points:
        merged = _with(merged, elapsed, delay, span)
    return merged


def _line(points: Points) -> tuple[float, float, float, float, float]:
    """Fit a line: offset and its uncertainty (s) at the middle (s), drift and its uncertainty.

    What is known of quartz beforehand counts as one more observation of the drift.
    """
    count = len(points)
    middle = sum(elapsed for elapsed, _ in points) / count
    slope = _slope_below(points, middle) if count >= FEW else math.inf
    if abs(slope) > IMPOSSIBLE:
        # the fastest of so few, or of a backlog, is the best there is; nothing is known of its fellows
        elapsed, delay = min(points, key=lambda point: point[1])
        return delay, WAITING, elapsed, 0.0, QUARTZ
    lowest = min(delay - slope * elapsed for elapsed, delay in points)
    scatter = max(median(delay - slope * elapsed - lowest for elapsed, delay in points), LEAST_SCATTER)
    spread = sum((elapsed - middle) ** 2 for elapsed, _ in points)
    of_slope, of_quartz = spread / scatter**2, 1 / QUARTZ**2
    drift = slope * of_slope / (of_slope + of_quartz)
    offset = min(delay - drift * (elapsed - middle) for elapsed, delay in points)
    return offset, scatter / math.sqrt(count), middle, drift, 1 / math.sqrt(of_slope + of_quartz)


def _slope_below(points: Points, middle: float) -> float:
    """Return the slope of that edge of the lower convex hull which lies below (or above) the middle."""
    hull: list[tuple[float, float]] = []
    for point in points:
        while len(hull) > 1 and _slope(hull[-2], point) <= _slope(hull[-2], hull[-1]):
            hull.pop()
        hull.append(point)
    return next(_slope(left, right) for left, right in pairwise(hull) if right[0] >= middle)


def _slope(left: tuple[float, float], right: tuple[float, float]) -> float:
    return (right[1] - left[1]) / (right[0] - left[0])
