"""How far the stroke of the piezo still reaches, in MPa, and what lies beyond it."""

from collections.abc import Callable
from dataclasses import dataclass

from operando.control import DriveLimits

WINDOW = 30.0
"""s within which drive and pressure must move together to tell the slope: breathing and heating are slower."""
LEAST_TRAVEL = 5.0
"""V of travel that tell a slope: 0.8 MPa, 300 times the noise of the load cell."""
BELIEVED = (0.5, 2.0)
"""Of the configured slope; hysteresis and creep of a stack change it by 15 % (PI Ceramic, piezo tutorial)."""
SHARE = 0.2
"""Of a new slope that is taken over."""
RELEASED = 1.25
"""Of the warning limit: authority above this ends the warning."""


@dataclass(frozen=True, slots=True)
class Authority:
    """What the stroke can still add and take off, MPa, at a slope in MPa/V."""

    up: float
    down: float
    slope: float


class Stroke:
    """Follows drive and pressure.

    Parameters
    ----------
    limits : DriveLimits
        Where the stroke ends.
    slope : float
        MPa/V, configured; refined by each fast move of the loop.
    warning : float
        MPa left at which a warning is given, once.
    note : callable
        Takes a line for the service's log.
    """

    def __init__(self, limits: DriveLimits, slope: float, warning: float, note: Callable[[str], None]) -> None:
        self._limits = limits
        self._configured = self._slope = slope
        self._warning = warning
        self._note = note
        self._warned = False
        self._anchor: tuple[float, float] | None = None
        self._since_anchor = 0.0

    def at(self, drive: float) -> Authority:
        """Return what is left of the stroke at a drive (V)."""
        up, down = max(self._limits.high - drive, 0.0), max(drive - self._limits.low, 0.0)
        return Authority(up * self._slope, down * self._slope, self._slope)

    def see(self, drive: float, pressure: float | None, dt: float) -> None:
        """Learn from one step: drive in V, pressure in MPa or None where there is no good one, ``dt`` in s."""
        self._since_anchor += dt
        if pressure is None:
            self._anchor = None
        elif self._anchor is None or self._since_anchor > WINDOW:
            self._anchor, self._since_anchor = (drive, pressure), 0.0
        elif abs(travel := drive - self._anchor[0]) >= LEAST_TRAVEL:
            self._learn((pressure - self._anchor[1]) / travel)
            self._anchor, self._since_anchor = (drive, pressure), 0.0
        self._warn(drive)

    def objection(self, target: float, drive: float, pressure: float) -> str:
        """Return why a target (MPa) lies beyond the stroke, or nothing.

        Parameters
        ----------
        target : float
            MPa.
        drive : float
            V, now.
        pressure : float
            MPa, now, at that drive.
        """
        left = self.at(drive)
        low, high = pressure - left.down, pressure + left.up
        if low <= target <= high:
            return ""
        return (
            f"the stroke reaches from {low:.1f} to {high:.1f} MPa ({pressure:.1f} MPa at {drive:.1f} V, "
            f"{left.slope:.3f} MPa/V, {self._limits.low:g} to {self._limits.high:g} V): turn the preload first"
        )

    def _learn(self, slope: float) -> None:
        low, high = BELIEVED
        if low * self._configured <= slope <= high * self._configured:
            self._slope += SHARE * (slope - self._slope)

    def _warn(self, drive: float) -> None:
        left = self.at(drive)
        least = min(left.up, left.down)
        if least < self._warning and not self._warned:
            side = "up" if left.up < left.down else "down"
            self._note(f"stack pressure: {least:.2f} MPa of stroke left {side} at {drive:.1f} V")
        self._warned = least < self._warning * (RELEASED if self._warned else 1.0)
