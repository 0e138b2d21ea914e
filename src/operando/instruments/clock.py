"""An instrument's own seconds mapped to the host's UTC."""

from dataclasses import dataclass, replace

DRIFT = 1e-4
"""How fast the mapping may move later: twice the error of an ordinary quartz (50 ppm)."""
LEAP_NS = 10_000_000_000
"""ns; a packet waits less than this on a line that is listened to."""


@dataclass(frozen=True, slots=True)
class InstrumentClock:
    """When the instrument's zero was, as far as the packets have told.

    A packet can arrive late but never early, so the smallest difference between arrival and instrument time is the
    best; it may drift up slowly, or a clock that runs slow would leave it behind over a day.

    Parameters
    ----------
    zero_ns : int or None
        UTC, ns since the epoch, of the instrument's zero; None before the first packet.
    elapsed : float
        s, instrument time of the last packet.
    not_before_ns : int or None
        UTC, ns since the epoch: the zero lies after this, where that is known.
    doubted_ns : int or None
        The zero by a packet that was not believed; a second packet that says the same is.
    """

    zero_ns: int | None = None
    elapsed: float = 0.0
    not_before_ns: int | None = None
    doubted_ns: int | None = None

    def believes(self, elapsed: float, arrival_ns: int) -> bool:
        """Return whether a packet can be of this time: neither from the future nor from before the last one."""
        zero = arrival_ns - round(elapsed * 1e9)
        if self.doubted_ns is not None and abs(zero - self.doubted_ns) < LEAP_NS:
            return True
        earliest = self.not_before_ns if self.zero_ns is None else self.zero_ns
        return earliest is None or (zero > earliest - LEAP_NS and elapsed >= self.elapsed)

    def doubting(self, elapsed: float, arrival_ns: int) -> "InstrumentClock":
        """Return the clock after a packet that is not believed."""
        return replace(self, doubted_ns=arrival_ns - round(elapsed * 1e9))

    def heard(self, elapsed: float, arrival_ns: int) -> "InstrumentClock":
        """Return the clock after a packet of instrument time ``elapsed`` (s) that arrived at ``arrival_ns``."""
        zero = arrival_ns - round(elapsed * 1e9)
        if self.zero_ns is None or elapsed < self.elapsed:  # the first packet of a programme
            return InstrumentClock(zero, elapsed)
        drifted = self.zero_ns + round(DRIFT * (elapsed - self.elapsed) * 1e9)
        return InstrumentClock(min(zero, drifted), elapsed)

    def utc_ns(self, elapsed: float) -> int:
        """Return UTC in ns since the epoch at an instrument time in s."""
        return (self.zero_ns or 0) + round(elapsed * 1e9)
