"""The quality of frames in their order: what came in and through, what changed, what is left without the blank."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.analysis import Integrator, Pattern
from operando.analysis.blank import Beam, misfit, subtract
from operando.analysis.geometry import ANGSTROM, read_geometry
from operando.analysis.parasitic import excluded
from operando.analysis.quality import Quality, change
from operando.errors import AnalysisError
from operando.recorder.beam_during import Monitors
from operando.recorder.blank_file import blank_from
from operando.recorder.patterns import Patterns
from operando.recorder.quality_columns import UNKNOWN
from operando.recorder.run import Run
from operando.vocabulary import Recipe

SAME_WAVELENGTH = 1e-4
"""Relative: at a scattering vector of 50 nm⁻¹ a reflection that was placed with another one is off by 0.005 nm⁻¹."""
ALIKE = ("unit", "solid_angle", "polarization_factor", "azimuth_range", "orientation", "saturation")
"""What the recipes of blank and patterns must have in common."""


class Appraisal:
    """Appraises the patterns of one stream; they come in order.

    Parameters
    ----------
    run : Run
        Recipe, limits, blank.
    integrator : Integrator
        What makes the patterns.
    """

    def __init__(self, run: Run, integrator: Integrator) -> None:
        self._run = run
        self._monitors = Monitors.of(run)
        self.used = ~excluded(integrator.q, run.parasitic)
        """Of each bin, whether no reflection of the surroundings reaches it."""
        self._blank = None if run.blank is None or misfit_of(run, integrator) else blank_from(run.blank)
        self._first: NDArray[np.float32] | None = None
        self._previous: NDArray[np.float32] | None = None
        self._kept: tuple[int, Patterns] | None = None

    def go_on(self, row: int, patterns: Patterns) -> None:
        """Go on behind a row that an earlier recorder wrote, with beam; all of them come, in order."""
        self._kept = row, patterns
        if self._first is None:
            self._first = _stored(row, patterns)

    def appraise(
        self, pattern: Pattern, quality: Quality | None, attributes: Mapping[str, float], exposure: float | None
    ) -> dict[str, Any]:
        """Return fields of a row.

        Parameters
        ----------
        pattern : Pattern
            The next one.
        quality : Quality or None
            What its frame says about itself.
        attributes : mapping
            NDAttributes of the frame, by name.
        exposure : float or None
            s; None where the descriptor does not say.
        """
        beam = self._monitors.beam(attributes, exposure or math.nan)
        fields = self.of_beam(attributes, exposure)
        if quality is not None:
            fields |= {
                "counts_total": quality.counts_total,
                "saturated_pixels": quality.saturated_pixels,
                "spottiness": quality.evenness.spottiness,
                "texture": quality.evenness.texture,
                "counts_over_monitor": quality.counts_total / beam.monitor if beam.monitor > 0 else math.nan,
            }
        if fields["beam_off"] != 1:
            fields |= self._changes(pattern) | self._net(pattern, beam)
        return fields

    def of_beam(self, attributes: Mapping[str, float], exposure: float | None) -> dict[str, Any]:
        """Return the fields of a row that say what came in and through; a frame without a pattern has them, too."""
        seconds = exposure or math.nan
        beam = self._monitors.beam(attributes, seconds)
        ring_current = attributes.get(self._monitors.ring_current, math.nan)
        return {
            "incident_monitor": beam.monitor,
            "transmitted_diode": beam.diode,
            "transmission": beam.transmission,
            "ring_current": ring_current,
            "beam_off": self._beam_off(beam.monitor / seconds, ring_current),
        }

    def _beam_off(self, rate: float, ring_current: float) -> int:
        """Return 1 without beam, 0 with, −1 where nothing says so."""
        for value, key in ((rate, "beam_off_below_per_s"), (ring_current, "beam_off_below_mA")):
            limit = self._run.setting("quality", key)
            if limit is not None and math.isfinite(value):
                return int(value < limit)
        return UNKNOWN

    def _changes(self, pattern: Pattern) -> dict[str, float]:
        """Compare as the file has them, in single precision: a recorder that goes on has no others."""
        stored = np.asarray(pattern.intensity, np.float32)
        if self._kept is not None:
            self._previous, self._kept = _stored(*self._kept), None
        found = {}
        if self._previous is not None and self._first is not None:
            found["change_previous"] = change(stored, self._previous, self.used)
            found["change_first"] = change(stored, self._first, self.used)
        self._first = stored if self._first is None else self._first
        self._previous = stored
        return found

    def _net(self, pattern: Pattern, beam: Beam) -> dict[str, Any]:
        if self._blank is None or not beam.transmission > 0:
            return {}
        found = subtract(pattern.intensity, pattern.sigma, beam, self._blank, self._run.recipe.monitor_reference)
        return {
            "I_net": found.intensity,
            "I_net_errors": found.sigma,
            "blank_scale": found.scale,
            "blank_scale_errors": found.scale_error,
        }


def _stored(row: int, patterns: Patterns) -> NDArray[np.float32]:
    return np.asarray(patterns.stored([row])[1][0], np.float32)


def misfit_of(run: Run, integrator: Integrator) -> str:
    """Return why the blank of a run does not fit its patterns; empty where it does, or where there is none."""
    if run.blank is None:
        return ""
    theirs, ours = Recipe.from_document(run.blank["recipe"]), run.recipe
    for key in ALIKE:
        their, our = getattr(theirs, key), getattr(ours, key)
        if their != our:
            return f"the blank was integrated with {key} = {their}, the patterns with {our}"
    for key in ("dark", "flat"):
        if (getattr(theirs, key) is None) != (getattr(ours, key) is None):
            return (
                f"the blank was integrated {'without' if getattr(theirs, key) is None else 'with'} a {key}, "
                "patterns not so"
            )
    blank = blank_from(run.blank)
    if ours.error_model is not None and blank.sigma is None:
        return (
            f"the blank was integrated without error_model, the patterns with {ours.error_model}: its noise is unknown"
        )
    try:
        wavelength = _wavelength(run.blank.get("poni"), theirs)
    except AnalysisError as error:
        return f"the blank's geometry: {error}"
    if abs(wavelength - integrator.wavelength) > SAME_WAVELENGTH * integrator.wavelength:
        return f"the blank was measured at {wavelength:.5g} Å, the patterns at {integrator.wavelength:.5g} Å"
    return misfit(blank, integrator.radial)


def _wavelength(poni: str | None, recipe: Recipe) -> float:
    """Return the wavelength of a blank, Å; not a number for one of a start document that did not carry it."""
    return math.nan if poni is None else float(read_geometry(poni, recipe.orientation).wavelength) / ANGSTROM
