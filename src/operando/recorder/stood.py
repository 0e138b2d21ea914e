"""Where a cell programme stood at the middle of an exposure: what is counted, and must not be averaged over a step."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from operando.history import EnvironmentHistory, KeptProgramme, Samples
from operando.recorder.instants import NS
from operando.recorder.join import Exposure
from operando.recorder.run import Run
from operando.recorder.table import Column
from operando.recorder.window import Sampled
from operando.vocabulary import QUANTITY, Quality, Quantity, programme_from

COUNTED = ("cycle", "half_cycle", "step", "run")
MEASURED = ("potential", "specific_capacity", "state_of_charge", "rest_age", "time_uncertainty")
STOOD = (*COUNTED, *MEASURED)
"""Quantities of which a frame has the last value before its middle."""
STEPS_DURING = "steps_during"
UNKNOWN = -1
LEAST_REACH_S = 2.0
"""s before the middle within which a value still holds; or three sampling intervals of the programme."""
INTERVALS = 3

HELD = "as it stood at the middle of the exposure: the last sample before it"
AGED = "at the middle of the exposure; what was then an age of zero was a current"


def stood_columns() -> Iterator[Column]:
    """Yield the columns."""
    for name in STOOD:
        known = QUANTITY[name]
        about = {"description": AGED if name == "rest_age" else HELD, **assumed(known)}
        if name in COUNTED:
            yield Column(name, known.unit, known.description, "int32", missing=UNKNOWN, attributes=about)
        else:
            yield Column(name, known.unit, known.description, attributes=about)
    words = "steps of the programme that the exposure saw; 1: it lies in one, 0: not known"
    yield Column(STEPS_DURING, "", words, "int32", (), 0)


def assumed(quantity: Quantity) -> dict[str, str]:
    """Return the attribute that says what a number rests on; none for what is measured."""
    return {"assumption": quantity.assumption} if quantity.assumption else {}


def stood(history: Sampled, exposure: Exposure, reach_ns: int) -> Mapping[str, Any]:
    """Return the fields of a row; what is not known is left out.

    Parameters
    ----------
    history : Sampled
        Complete up to the end of the exposure.
    reach_ns : int
        ns before the middle within which a value still holds.
    """
    middle_ns, row = exposure.middle_ns, {}
    for name in STOOD:
        samples = history.samples(name, middle_ns - reach_ns, middle_ns)
        value = _last(samples)
        if math.isfinite(value):
            age = (middle_ns - int(samples.time_ns[-1])) / NS if name == "rest_age" and value > 0 else 0.0
            row[name] = round(value) if name in COUNTED else value + age
    row[STEPS_DURING] = _steps(history, exposure, reach_ns)
    return row


class Pace:
    """How far apart the samples of the cell in the press are: at most as far as in the programme that was started last.

    Parameters
    ----------
    run : Run
        Whose configuration counts where the log knows of no start.
    history : EnvironmentHistory
        Asked about an exposure once it is complete up to the end of that.
    complete : callable
        UTC, ns since the epoch: how far it is complete by now; what is known is not asked for with every frame.
    """

    def __init__(self, run: Run, history: EnvironmentHistory, complete: Callable[[], int] = lambda: 0) -> None:
        self._history = history
        self._complete = complete
        self._configured = longest_interval(run.setting("programme"))
        self._known_ns = run.start_ns
        self._started: list[tuple[int, float]] | None = None

    def longest(self, exposure: Exposure) -> float:
        """Return the s between two samples at the middle of an exposure, at most."""
        if self._started is None:  # it may have been started days ago: that is looked for once
            before = self._history.programme(self._known_ns)
            self._started = [_slowest(before)] if before else []
        if exposure.end_ns > self._known_ns:
            complete_ns = max(exposure.end_ns, self._complete())
            self._started += map(_slowest, self._history.programmes(self._known_ns + 1, complete_ns))
            self._known_ns = complete_ns
        return next((s for begun, s in reversed(self._started) if begun <= exposure.middle_ns), self._configured)

    def reach_ns(self, exposure: Exposure) -> int:
        """Return how long a value holds, ns: three of the longest sampling intervals."""
        return int(max(LEAST_REACH_S, INTERVALS * self.longest(exposure)) * NS)


def _slowest(kept: KeptProgramme) -> tuple[int, float]:
    """Return when a programme was started, and the longest of its sampling intervals, s."""
    return kept.begun_ns, max(step.sample_interval for step in programme_from(json.loads(kept.text)).steps)


def longest_interval(programme: Any) -> float:
    """Return the s between two samples of a programme as it is configured, at most; 0 where it does not say.

    Examples
    --------
    >>> longest_interval({"sample_interval_s": 0.5, "steps": [{"kind": "rest", "sample_interval_s": 60.0}]})
    60.0
    """
    if isinstance(programme, Mapping):
        own = float(programme.get("sample_interval_s") or 0.0)
        return max([own, *(longest_interval(value) for value in programme.values())])
    return max(map(longest_interval, programme), default=0.0) if isinstance(programme, list) else 0.0


def _last(samples: Samples) -> float:
    """Return the newest value; not a number where there is none, or none that can be trusted."""
    if not len(samples.time_ns) or samples.quality[-1] != Quality.GOOD:
        return math.nan
    return float(samples.value[-1])


def _steps(history: Sampled, exposure: Exposure, reach_ns: int) -> int:
    samples = history.samples("run", exposure.start_ns - reach_ns, exposure.end_ns)
    good = (samples.quality == Quality.GOOD) & np.isfinite(samples.value)
    before = good & (samples.time_ns <= exposure.start_ns)
    inside = samples.value[good & (samples.time_ns > exposure.start_ns)]
    return len(set(samples.value[before][-1:].tolist()) | set(inside.tolist()))
