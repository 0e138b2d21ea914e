"""A cell and the same cell empty, as a detector sees them: what is left without the blank is the sample."""

import math
from dataclasses import replace

import numpy as np
import pytest
from analysis.powder_rings import lattice_at, profile
from numpy.typing import NDArray

from operando.analysis.blank import Beam, Blank, mean_blank, misfit, subtract
from operando.errors import AnalysisError

BINS = 1500
PIXELS = 400.0
"""In a bin."""
RADIAL = np.linspace(4.0, 74.0, BINS)
TWO_THETA = np.linspace(np.radians(0.75), np.radians(14.0), BINS)
MONITOR, DIODE = 1e6, 2e6
"""Counts of a second of full beam, and those behind nothing at all."""
EMPTY, SAMPLE = 0.8, 0.55
"""Transmission of the empty cell, and of the sample alone."""

Array = NDArray[np.float64]


class Beamline:
    """Counts photons: steel rings and glass of the cell, and the electrode in it."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        steel = np.degrees(2 * np.arcsin(0.20664 / 2 / np.array([2.027, 1.433, 1.170, 1.013])))
        lines = sum(np.exp(-(((np.degrees(TWO_THETA) - line) / 0.03) ** 2)) for line in steel)
        self.walls = 900.0 * lines + 120.0 * np.exp(-np.degrees(TWO_THETA) / 4)
        self.electrode = 400.0 * profile(TWO_THETA, *lattice_at(80.0))

    def expose(self, seconds: float, current: float, sample: bool) -> tuple[Array, Array, Beam]:
        """Return a pattern in counts per pixel, its errors, and the monitors; ``current`` is 1 for full beam."""
        through = EMPTY * (SAMPLE if sample else 1.0)
        dose = seconds * current
        walls = self.walls * (SAMPLE if sample else 1.0)
        expected = dose * PIXELS * (walls + (self.electrode if sample else 0.0))
        counts = self._random.poisson(expected).astype(np.float64)
        monitor, diode = self._random.poisson([MONITOR * dose, DIODE * dose * through])
        return counts / PIXELS, np.sqrt(np.maximum(counts, 1)) / PIXELS, Beam(float(monitor), float(diode))

    def blank(self, frames: int, scaled_to: float | None = None, seconds: float = 10.0) -> Blank:
        """Measure the empty cell in several frames, the ring losing current."""
        taken = [self.expose(seconds, 1.0 - 0.01 * i, sample=False) for i in range(frames)]
        scales = [1.0 if scaled_to is None else scaled_to / beam.monitor for *_, beam in taken]
        return mean_blank(
            RADIAL,
            np.array([scale * pattern for scale, (pattern, *_) in zip(scales, taken, strict=True)]),
            np.array([scale * sigma for scale, (_, sigma, _) in zip(scales, taken, strict=True)]),
            np.array([beam.monitor for *_, beam in taken]),
            np.array([beam.diode for *_, beam in taken]),
            scaled_to,
        )


def test_what_is_left_is_the_sample_within_the_errors_of_its_counts() -> None:
    beamline = Beamline(1)
    blank = beamline.blank(20)
    for seconds, current in ((10.0, 1.0), (1.0, 0.7)):  # of the blank's exposure or not, at another ring current
        pattern, sigma, beam = beamline.expose(seconds, current, sample=True)
        net = subtract(pattern, sigma, beam, blank)
        truth = seconds * current * beamline.electrode
        assert net.scale == pytest.approx(SAMPLE * seconds * current / (10.0 * 0.905), rel=2e-3)
        assert net.sigma is not None
        pull = (net.intensity - truth) / np.hypot(net.sigma, net.scale_error * blank.intensity)
        assert np.mean(pull**2) == pytest.approx(1.0, abs=4 * math.sqrt(2 / BINS))
        assert abs(np.mean(pull)) < 0.15


def test_without_the_transmission_the_walls_would_be_taken_off_too_much() -> None:
    beamline = Beamline(2)
    blank = beamline.blank(20)
    pattern, sigma, beam = beamline.expose(10.0, 1.0, sample=True)
    net = subtract(pattern, sigma, replace(beam, diode=beam.monitor * blank.transmission), blank)
    assert net.sigma is not None
    assert np.mean(((net.intensity - 10.0 * beamline.electrode) / net.sigma) ** 2) > 100


def test_patterns_that_were_scaled_to_a_monitor_give_the_same_sample() -> None:
    beamline = Beamline(3)
    pattern, sigma, beam = beamline.expose(2.0, 0.9, sample=True)
    plain = subtract(pattern, sigma, beam, beamline.blank(20))
    factor = 1e6 / beam.monitor
    scaled = subtract(factor * pattern, factor * sigma, beam, beamline.blank(20, scaled_to=1e6), stands_for=1e6)
    away = (scaled.intensity / factor - plain.intensity) / (1e-3 * beamline.walls + 0.2)
    assert np.max(np.abs(away)) < 5


def test_the_error_of_the_scale_is_that_of_the_counted_photons() -> None:
    beamline = Beamline(4)
    blank = beamline.blank(20)
    found = [subtract(*beamline.expose(0.01, 1.0, sample=True), blank) for _ in range(300)]
    spread = float(np.std([net.scale for net in found]))
    assert found[0].scale_error == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize("scaled_to", [None, 1e6])
def test_the_error_of_the_scale_is_that_of_the_blanks_photons_too(scaled_to: float | None) -> None:
    """What is taken off scatters from one short blank to the next as the counts of its diode do."""
    beamline = Beamline(7)
    pattern, sigma, beam = beamline.expose(10.0, 1.0, sample=True)
    blanks = [beamline.blank(2, scaled_to, seconds=0.005) for _ in range(300)]
    found = [subtract(pattern, sigma, beam, blank, scaled_to) for blank in blanks]
    taken_off = [net.scale * blank.intensity.sum() for net, blank in zip(found, blanks, strict=True)]
    spread = float(np.std(taken_off) / np.mean(taken_off))
    assert found[0].scale_error / found[0].scale == pytest.approx(spread, rel=0.15)


def test_frames_without_beam_are_no_part_of_a_blank() -> None:
    beamline = Beamline(5)
    pattern, sigma, beam = beamline.expose(10.0, 1.0, sample=False)
    both = mean_blank(
        RADIAL,
        np.array([pattern, np.full(BINS, math.nan), 0 * pattern]),
        np.array([sigma, sigma, sigma]),
        np.array([beam.monitor, beam.monitor, 0.0]),
        np.array([beam.diode, beam.diode, 0.0]),
        None,
    )
    assert np.array_equal(both.intensity, pattern)
    with pytest.raises(AnalysisError, match="none of 1 frames"):
        mean_blank(RADIAL, pattern[None], None, np.zeros(1), np.zeros(1), None)


def test_a_blank_in_other_bins_is_told_apart() -> None:
    blank = Beamline(6).blank(1)
    assert misfit(blank, RADIAL) == ""
    assert "1500 bins, the patterns have 1000" in misfit(blank, RADIAL[:1000])
    assert "away from those of patterns" in misfit(blank, RADIAL + 0.01)


def test_no_beam_no_transmission() -> None:
    assert math.isnan(Beam(0.0, 0.0).transmission)
    assert math.isnan(Beam(-3.0, 10.0).transmission_error)
