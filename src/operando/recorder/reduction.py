"""What a frame becomes beside its neighbours: a row with its pattern and the lattice fitted on it."""

import logging
import math
from collections.abc import Mapping
from copy import copy
from typing import Any

from operando.analysis import Integrator, LatticeFit, Pattern, fit_lattice, recipe_digest
from operando.errors import AnalysisError
from operando.recorder.appraisal import Appraisal
from operando.recorder.beam_during import Monitors
from operando.recorder.cakes import plane_fields
from operando.recorder.columns import trend_names
from operando.recorder.correction_file import other_exposure
from operando.recorder.documents import Announced
from operando.recorder.no_integrator import NoIntegrator
from operando.recorder.run import Run, Stream
from operando.recorder.stage import FrameTask, Product, integrator_of

_logger = logging.getLogger(__name__)


class Reduction:
    """Says what is to be done with the frames of one stream, and reduces what comes of it; frames come in order.

    Parameters
    ----------
    run : Run
        Geometry, recipe and lattice model.
    stream : Stream
        Shape of the frames.
    refused : str
        Why none of them is integrated; empty where they are.
    """

    def __init__(self, run: Run, stream: Stream, refused: str = "") -> None:
        self._run = run
        self._shape = stream.shape
        self._refused = refused
        self._wrong_darks: dict[float | None, str] = {}
        self.integrator = self._integrator()
        self.appraisal = Appraisal(run, self.integrator)
        self._last: LatticeFit | None = None
        self._monitors = Monitors.of(run)
        named = self._monitors.monitor, self._monitors.diode, self._monitors.ring_current
        self._attributes = tuple(name for name in named if name)

    def task(self, announced: Announced) -> FrameTask:
        """Return what is to be done with a frame."""
        store = announced.store
        return FrameTask(
            path=store.path,
            dataset=store.dataset,
            swmr=store.swmr,
            index=announced.index,
            poni=self._run.poni,
            recipe=self._run.recipe,
            shape=self._shape,
            announced=announced.flushed,
            attributes=self._attributes,
            monitors=self._monitors,
            exposure=announced.stream.acquire_time or math.nan,
            digest=self.integrator.digest,
            refused=self._refused or self._wrong_dark(announced.stream.acquire_time),
        )

    def reduce(self, product: Product, exposure: float | None) -> Mapping[str, Any]:
        """Return the fields of a row; without a pattern no others than those of the beam.

        Parameters
        ----------
        product : Product
            What became of the next frame.
        exposure : float or None
            s; None where the descriptor does not say.
        """
        if product.pattern is None:
            return self.appraisal.of_beam(product.attributes, exposure)
        fields: dict[str, Any] = {"I": product.pattern.intensity, "I_errors": product.pattern.sigma}
        plane = plane_fields(product.pattern, self._run.recipe)
        worth = self.appraisal.appraise(product.pattern, product.quality, product.attributes, exposure)
        return {**fields, **plane, **worth, **self._lattice(product.pattern)}

    def go_on(self, a: float, c: float) -> None:
        """Fit the next frame from a trusted lattice (Å) that an earlier recorder found."""
        unknown = float("nan")
        self._last = LatticeFit(a, c, unknown, unknown, unknown, trusted=True, reason="")

    def _integrator(self) -> Integrator:
        """Return what makes the patterns, or what stands in for it: what else is known of the frames is recorded."""
        try:
            if self._refused:
                raise AnalysisError(self._refused)
            digest = recipe_digest(self._run.recipe)
            return self._as_begun(integrator_of(self._run.poni, self._run.recipe, self._shape, digest))
        except AnalysisError as error:
            self._refused = str(error)
            _logger.error("run %s: its frames are recorded without patterns: %s", self._run.uid[:8], error)
            return NoIntegrator(self._run.recipe, self._shape)

    def _as_begun(self, integrator: Integrator) -> Integrator:
        """Return an integrator as the run began with it; one of other files gives axes, and integrates nothing."""
        begun = self._run.recipe_digest
        if begun in ("", integrator.digest):
            return integrator
        self._refused = (
            f"mask, dark or flat has changed since the run began (digest {begun[:12]}, now {integrator.digest[:12]}); "
            "nothing is integrated"
        )
        _logger.error("run %s: its frames are recorded without patterns: %s", self._run.uid[:8], self._refused)
        begun_with = copy(integrator)
        begun_with.digest = begun  # patterns that an earlier recorder made with those files are kept
        return begun_with

    def _wrong_dark(self, exposure: float | None) -> str:
        """Return why the dark is not of frames exposed for some s: they are recorded without patterns."""
        if exposure not in self._wrong_darks:
            wrong = other_exposure(self._run.recipe.dark, exposure)
            self._wrong_darks[exposure] = wrong and f"{wrong}; nothing is integrated"
            if wrong:
                _logger.error("run %s: its frames are recorded without patterns: %s", self._run.uid[:8], wrong)
        return self._wrong_darks[exposure]

    def _lattice(self, pattern: Pattern) -> Mapping[str, Any]:
        """Fit from the last trusted lattice: between two frames it moves little."""
        if self._run.lattice is None:
            return {}
        try:
            fit = fit_lattice(
                self.integrator.q, pattern.intensity, pattern.sigma, self._run.lattice, self._last, self.appraisal.used
            )
        except AnalysisError:
            return {"lattice_trusted": 0}
        if fit.trusted:
            self._last = fit
        found = {
            "lattice_a": fit.a,
            "lattice_a_errors": fit.a_error,
            "lattice_c": fit.c,
            "lattice_c_errors": fit.c_error,
        }
        known = trend_names(self._run)
        kept = {name: value for name, value in found.items() if name.removesuffix("_errors") in known}
        return kept | {"lattice_chi_square": fit.chi_square, "lattice_trusted": int(fit.trusted)}
