"""A small piezo, stack and load cell, written for these tests alone: creep, hysteresis, delay and noise."""

from dataclasses import dataclass, field

import numpy as np

SUBSTEP = 0.005  # s
SENSITIVITY = 0.156  # MPa/V: 15 um per 150 V, 122 N/um, 10 mm across


@dataclass
class SmallPlant:
    """Pressure against drive; the drive may be written at any time, the reading is old when it comes.

    Parameters
    ----------
    seed : int
        Of the load-cell noise.
    delay : float
        s between the true pressure and the reading of it.
    noise : float
        MPa rms.
    """

    seed: int = 0
    delay: float = 0.075
    noise: float = 0.0025
    drive: float = 60.0
    offset: float = 84.0 - 60.0 * SENSITIVITY
    breathing: float = 0.0
    plays: np.ndarray = field(default_factory=lambda: np.full(6, 60.0))
    creeps: np.ndarray = field(default_factory=lambda: np.full(4, 60.0))
    lagged: float = 60.0
    truth: list[float] = field(default_factory=lambda: [84.0])

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.widths = np.linspace(1.0, 40.0, 6)  # V, play operators of a Prandtl-Ishlinskii hysteresis
        self.times = np.array([0.1, 1.0, 10.0, 100.0])  # s: 1 % creep a decade

    def run(self, dt: float, breathing_rate: float) -> None:
        """Let time pass with the present drive; breathing in MPa/s."""
        for _ in range(round(dt / SUBSTEP)):
            self.lagged += (self.drive - self.lagged) * min(SUBSTEP / 0.01, 1.0)
            self.plays = np.clip(self.plays, self.lagged - self.widths, self.lagged + self.widths)
            self.creeps += (self.lagged - self.creeps) * np.minimum(SUBSTEP / self.times, 1.0)
            travel = 0.94 * self.lagged + 0.06 * self.plays.mean() + 0.01 * (self.creeps - self.lagged).sum()
            self.breathing += breathing_rate * SUBSTEP
            self.truth.append(float(self.offset + SENSITIVITY * travel + self.breathing))

    @property
    def pressure(self) -> float:
        """MPa, true now."""
        return self.truth[-1]

    def reading(self) -> float:
        """MPa, as the load cell says it: old and noisy."""
        back = min(round(self.delay / SUBSTEP), len(self.truth) - 1)
        return self.truth[-1 - back] + float(self.random.normal(0.0, self.noise))
