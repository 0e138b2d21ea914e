"""Powder rings on a pixel detector, written apart from everything they are used to check.

Rays from the vectors of the PONI convention, spacings from the reciprocal metric tensor, true Voigt profiles.
"""

import tomllib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import voigt_profile

CONFIGS = Path(__file__).parents[2] / "configs"
SHAPE = (1043, 981)
PIXEL, DISTANCE, PONI1, PONI2, ROT1, ROT2 = 172e-6, 0.5, 0.0897, 0.0844, 0.004, -0.003  # configs/poni/simulated.poni
WAVELENGTH = 0.20664  # Å
POLARISATION = 0.99

NMC811 = {
    (0, 0, 3): 100, (1, 0, 1): 45, (0, 0, 6): 7, (0, 1, 2): 19, (1, 0, 4): 92, (0, 1, 5): 16, (0, 0, 9): 3,
    (1, 0, 7): 18, (0, 1, 8): 28, (1, 1, 0): 28, (1, 1, 3): 18, (0, 2, 1): 6, (1, 1, 6): 8, (0, 2, 4): 13,
}  # fmt: skip
LI6PS5CL = {
    (1, 1, 1): 12, (2, 0, 0): 8, (2, 2, 0): 25, (3, 1, 1): 35, (2, 2, 2): 30, (3, 3, 1): 4, (4, 2, 2): 15,
    (5, 1, 1): 18, (4, 4, 0): 20, (5, 3, 1): 6, (6, 0, 0): 2, (6, 2, 0): 5, (5, 3, 3): 4, (6, 2, 2): 6,
    (4, 4, 4): 0.1, (7, 1, 1): 2, (6, 4, 0): 2, (6, 4, 2): 5,
}  # fmt: skip
LIIN = {(1, 1, 1): 3, (2, 2, 0): 3, (3, 1, 1): 1.5, (4, 0, 0): 0.5, (3, 3, 1): 0.7, (4, 2, 2): 1, (5, 1, 1): 0.5}


def lattice_at(charge: float) -> tuple[float, float]:
    """Return a and c of NMC811 in Å at a charge in mA h/g (Märker et al. 2019)."""
    table = tomllib.loads((CONFIGS / "materials/nmc811_delithiation.toml").read_text(encoding="utf-8"))
    a, c = (np.interp(charge, table["charge_mAh_per_g"], table[key]) for key in ("a_A", "c_A"))
    return float(a), float(c)


def two_theta_of(
    reflections: dict[tuple[int, int, int], float], a: float, c: float, gamma: float
) -> NDArray[np.float64]:
    """Return 2θ in rad from the reciprocal metric tensor of a cell with b = a and the angle gamma in degrees."""
    vectors = np.array([[a, 0, 0], [a * np.cos(np.radians(gamma)), a * np.sin(np.radians(gamma)), 0], [0, 0, c]])
    reciprocal = np.linalg.inv(vectors).T
    lengths = np.linalg.norm(np.array(list(reflections), float) @ reciprocal, axis=1)
    return np.asarray(2 * np.arcsin(WAVELENGTH * lengths / 2))


def profile(two_theta: NDArray[np.float64], a: float, c: float) -> NDArray[np.float64]:
    """Return the intensity against 2θ, 1 on top of 003."""
    phases = ((NMC811, a, c, 120.0), (LI6PS5CL, 9.85, 9.85, 90.0), (LIIN, 6.786, 6.786, 90.0))
    total = 0.05 * np.exp(-np.degrees(two_theta) / 3) + 0.03 * np.exp(-(((np.degrees(two_theta) - 4) / 3) ** 2)) + 0.01
    for reflections, a_phase, c_phase, gamma in phases:
        for angle, height in zip(two_theta_of(reflections, a_phase, c_phase, gamma), reflections.values(), strict=True):
            sigma, half = 0.75 * PIXEL / DISTANCE, 2e-3 * np.tan(angle / 2) + 2e-5
            total += height / 100 * voigt_profile(two_theta - angle, sigma, half) / voigt_profile(0.0, 5e-4, 1e-4) * 2
    return total


def rays(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return vectors from the sample to the pixels: up, sideways, along the beam."""
    untilted = np.empty((*shape, 3))
    untilted[..., 0] = ((np.arange(shape[0]) + 0.5) * PIXEL - PONI1)[:, None]
    untilted[..., 1] = (np.arange(shape[1]) + 0.5) * PIXEL - PONI2
    untilted[..., 2] = DISTANCE
    about_up = [[1, 0, 0], [0, np.cos(ROT1), np.sin(ROT1)], [0, -np.sin(ROT1), np.cos(ROT1)]]
    about_side = [[np.cos(ROT2), 0, -np.sin(ROT2)], [0, 1, 0], [np.sin(ROT2), 0, np.cos(ROT2)]]
    return np.asarray(untilted @ (np.array(about_side) @ np.array(about_up)).T)


def gain(shape: tuple[int, int] = SHAPE) -> NDArray[np.float64]:
    """Return solid angle, relative to the point of normal incidence, times polarisation."""
    directions = rays(shape)
    lengths = np.linalg.norm(directions, axis=-1)
    side, up = (1 - (directions[..., axis] / lengths) ** 2 for axis in (1, 0))
    return np.asarray((DISTANCE / lengths) ** 3 * ((1 + POLARISATION) / 2 * side + (1 - POLARISATION) / 2 * up))


def angles(shape: tuple[int, int] = SHAPE) -> NDArray[np.float64]:
    """Return 2θ of each pixel in rad."""
    directions = rays(shape)
    return np.asarray(np.arctan2(np.hypot(directions[..., 0], directions[..., 1]), directions[..., 2]))


class Detector:
    """Exposes the electrode; every pixel counts photons, gaps read −1."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._angles, self._gain = angles(), gain()

    def expose(self, a: float, c: float, counts: float) -> NDArray[np.int32]:
        """Return a frame with ``counts`` on top of 003."""
        fine = np.linspace(0, self._angles.max(), 12 * 1043)
        edge = PIXEL / DISTANCE / 4  # two samples along the radius for the width of a pixel
        shape = profile(fine, a, c)
        expected = sum(np.interp(self._angles + side, fine, shape) for side in (-edge, edge)) / 2
        frame = self._random.poisson(counts * self._gain * expected).astype(np.int32)
        frame[195:212], frame[:, 487:494] = -1, -1
        return frame
