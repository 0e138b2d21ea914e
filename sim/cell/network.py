"""Resistances and capacities of one cell, as its pressure and its temperature make them."""

import math
from dataclasses import dataclass

from operando.sim.cell import resistance


@dataclass(slots=True)
class Link:
    """A branch of this cell, now.

    Parameters
    ----------
    branch : Branch
        What it is made of.
    ohm : float
        Ω, while lithium goes out.
    seconds : float
        Time constant.
    share : float
        Of the way to its goal, that the overpotential goes in a step.
    overpotential : float
        V, positive on charge.
    """

    branch: resistance.Branch
    ohm: float = 0.0
    seconds: float = 1.0
    share: float = 0.0
    overpotential: float = 0.0


class Network:
    """A resistance and branches in series. What depends on conditions and step alone is worked out once for them.

    Parameters
    ----------
    area : float
        cm², of the electrode.
    speed : float
        Divides resistances and time constants.
    """

    def __init__(self, area: float, speed: float) -> None:
        self.series = 0.0
        """Ω, without capacity."""
        self._scale = area * speed
        self._speed = speed
        self._links = tuple(Link(branch) for branch in resistance.branches())
        self._conditions = (math.nan, math.nan)
        self._step = math.nan
        self._steady = self._sluggish = 0.0

    def adapt(self, pressure: float, temperature: float) -> None:
        """Be as at a pressure (MPa) and a temperature (°C)."""
        if (pressure, temperature) == self._conditions:
            return
        touching = resistance.touching(pressure)
        self.series = resistance.series(pressure, temperature) / self._scale
        for link in self._links:
            factor = resistance.activation(link.branch.energy, temperature)
            link.ohm = link.branch.resistance * factor / touching / self._scale
            link.seconds = link.branch.time_constant * factor / self._speed
        self._conditions, self._step = (pressure, temperature), math.nan

    @property
    def overpotential(self) -> float:
        """V over all branches."""
        return math.fsum(link.overpotential for link in self._links)

    def ahead(self, dt: float, sluggishness: float) -> tuple[float, float]:
        """Return the overpotential (V) left of the present one after ``dt`` (s), and what each A adds to it (Ω)."""
        if dt != self._step:
            self._step, self._steady, self._sluggish = dt, 0.0, 0.0
            for link in self._links:
                link.share = -math.expm1(-dt / link.seconds)
                if link.branch.sluggish:
                    self._sluggish += link.ohm * link.share
                else:
                    self._steady += link.ohm * link.share
        left = 0.0
        for link in self._links:
            left += link.overpotential * (1.0 - link.share)
        return left, self._steady + self._sluggish * sluggishness

    def go(self, ampere: float, sluggishness: float) -> None:
        """Take the step that was looked ahead, at a current (A)."""
        for link in self._links:
            goal = ampere * link.ohm * (sluggishness if link.branch.sluggish else 1.0)
            link.overpotential += (goal - link.overpotential) * link.share

    def impedance(self, omega: float, sluggishness: float) -> complex:
        """Return Ω at a small wave of an angular frequency (1/s)."""
        return self.series + sum(
            link.ohm * (sluggishness if link.branch.sluggish else 1.0) / (1.0 + 1j * omega * link.seconds)
            for link in self._links
        )
