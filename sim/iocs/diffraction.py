"""Simulated frames: powder rings of the electrode on a hybrid pixel detector."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from operando.sim.cell.state import TrueState
from operando.sim.iocs.calibrant import CALIBRANTS
from operando.sim.iocs.crystal import LI6PS5CL, LI6PS5CL_CELL, LIIN, LIIN_CELL, NMC811, Crystal, hexagonal
from operando.sim.iocs.exposure import Exposure
from operando.sim.iocs.geometry import geometry
from operando.sim.iocs.holder import CELL, EMPTY, STACK_TRANSMISSION
from operando.sim.setup import Setup

Profile = NDArray[np.float64]

STRONGEST = 1500.0
"""Counts per second and pixel on top of 003 of NMC811, with 100 mA in the ring."""

BACKGROUND = (60.0, 40.0)
"""Counts per second and pixel: air scatter at zero angle, and the broad hump of polymer and glass."""

POLARISATION = 0.99
"""Horizontal over total, as behind a bending magnet or an undulator."""

GAUSSIAN_WIDTH = 1.6
"""Pixels seen from the sample: full width at half maximum from beam size and pixel."""

STRAIN = 5e-3
"""Lorentzian width over tan θ, rad: size and strain of ball-milled composite grains."""

ANNEALED = 1e-3
"""The same of a calibrant."""

STEPS_PER_PIXEL = 10
"""Of the fine profile; linear interpolation between them errs by less than 0.1 % of a peak."""

INSTANTS = 5
"""States inside an exposure whose profiles are averaged."""

MODULE = ((195, 212), (487, 494))
"""Pilatus: sensitive pixels and pitch of a module, along rows and columns (DECTRIS, technical specification)."""


class Diffraction:
    """Renders frames of ``setup.shape``, about 0.1 s of processor time for a megapixel."""

    def __init__(self, setup: Setup) -> None:
        self.shape = setup.shape
        self._random = np.random.default_rng(setup.seed)
        self._wavelength = setup.wavelength * 1e10
        pixels = geometry(setup)
        two_theta = pixels.two_theta
        step = setup.pixel / setup.distance / STEPS_PER_PIXEL
        self._pixel_angle = setup.pixel / setup.distance
        self._grid = np.arange(0.0, two_theta.max() + 2.0 * step, step)
        self._below = (two_theta / step).astype(np.int32)
        self._share = (two_theta / step - self._below).astype(np.float32)
        self._gain = (pixels.solid_angle * pixels.polarisation(POLARISATION)).astype(np.float32)
        self._gaps = gaps(setup.shape)
        self._constant = (
            self._background()
            + self._rings(LI6PS5CL, LI6PS5CL.spacings(LI6PS5CL_CELL))
            + self._rings(LIIN, LIIN.spacings(LIIN_CELL))
        )
        self._calibrants: dict[str, Profile] = {}

    def frame(self, exposure: Exposure, states: Sequence[TrueState]) -> NDArray[np.int32]:
        """Return counts with Poisson noise, −1 in the gaps between modules."""
        if exposure.sample == CELL:
            shown = self._mean_profile(states)
        elif exposure.sample == EMPTY:
            shown = self._background() / STACK_TRANSMISSION
        else:
            shown = self._calibrant(exposure.sample)
        profile = (exposure.light * shown).astype(np.float32)
        rise = np.diff(profile, append=profile[-1:])
        expected = self._gain * (profile[self._below] + self._share * rise[self._below])
        counts = self._random.poisson(expected).astype(np.int32)
        counts[self._gaps] = -1
        return counts

    def _mean_profile(self, states: Sequence[TrueState]) -> Profile:
        """Return counts per second against the fine 2θ grid, averaged over the exposure."""
        chosen = [states[i] for i in np.linspace(0, len(states) - 1, min(INSTANTS, len(states))).astype(int)]
        lattices = {(state.a, state.c) for state in chosen}
        if len(lattices) == 1:
            chosen = chosen[:1]
        moving = [self._rings(NMC811, NMC811.spacings(hexagonal(state.a, state.c))) for state in chosen]
        return np.asarray(self._constant + np.mean(moving, axis=0))

    def _rings(self, crystal: Crystal, spacings: NDArray[np.float64], strain: float = STRAIN) -> Profile:
        """Return the pseudo-Voigt profiles of all lines, counts per second."""
        sine = self._wavelength / (2.0 * spacings)
        seen = sine < np.sin(0.5 * self._grid[-1])
        theta = np.arcsin(sine[seen])[:, np.newaxis]
        gauss = GAUSSIAN_WIDTH * self._pixel_angle
        lorentz = strain * np.tan(theta)
        reference = STRAIN * self._wavelength / (2.0 * 4.738) + gauss
        width, mixing = gauss + lorentz, lorentz / (gauss + lorentz)
        height = STRONGEST * crystal.strengths()[seen, np.newaxis] * reference / width
        return np.asarray((height * pseudo_voigt((self._grid - 2.0 * theta) / width, mixing)).sum(axis=0))

    def _calibrant(self, name: str) -> Profile:
        """Return the rings of a calibrant and of the air in front of it, counts per second."""
        if name not in self._calibrants:
            crystal, spacings = CALIBRANTS[name].powder()
            self._calibrants[name] = self._background() + self._rings(crystal, spacings, ANNEALED)
        return self._calibrants[name]

    def _background(self) -> Profile:
        """Return smooth scattering, counts per second."""
        degrees = np.degrees(self._grid)
        air, hump = BACKGROUND
        return np.asarray(air * np.exp(-degrees / 3.0) + hump * np.exp(-(((degrees - 4.0) / 3.0) ** 2)) + 5.0)


def pseudo_voigt(distance: NDArray[np.float64], mixing: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return a peak of height one and full width one at half maximum.

    Parameters
    ----------
    distance : array
        From the centre, in full widths.
    mixing : array or float
        Lorentzian share, 0 to 1.

    Examples
    --------
    >>> [round(float(pseudo_voigt(np.array([x]), 0.3)[0]), 12) for x in (0.0, 0.5, -0.5)]
    [1.0, 0.5, 0.5]
    """
    square = 4.0 * distance**2
    return np.asarray(mixing / (1.0 + square) + (1.0 - mixing) * np.exp(-np.log(2.0) * square))


def gaps(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return where no module sits."""
    rows, columns = (np.arange(n) % pitch >= live for n, (live, pitch) in zip(shape, MODULE, strict=True))
    return rows[:, np.newaxis] | columns
