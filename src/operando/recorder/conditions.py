"""Under which conditions a frame was taken: the environment log joined with its exposure."""

from typing import Any

from operando.history import EnvironmentHistory
from operando.recorder.columns import JOINED, environment_fields
from operando.recorder.instants import NS
from operando.recorder.join import MISSING, Exposure, over_exposure
from operando.recorder.patience import CommittedTime
from operando.recorder.run import Run
from operando.recorder.stood import Pace, stood
from operando.recorder.window import Window

LEAST_REACH_S = 2.0
"""s within which a neighbouring sample may help an exposure that holds fewer than three."""
MOST_REACH_S = 30.0
"""s: a row waits so long for a neighbour, and a cell programme may rest for hours with a sample a minute."""


class Conditions:
    """Joins exposures, in their order, with the environment log.

    Parameters
    ----------
    run : Run
        Whose configuration says how often instruments are read.
    history : EnvironmentHistory
        The environment log.
    committed : CommittedTime
        How far it is complete.
    """

    def __init__(self, run: Run, history: EnvironmentHistory, committed: CommittedTime) -> None:
        self._run = run
        self._log = Window(history, committed)
        self._committed = committed
        self._pace = Pace(run, history, lambda: committed.ns)

    def during(self, exposure: Exposure | None) -> dict[str, Any] | None:
        """Return fields of a row; None while the log is still waited for.

        Parameters
        ----------
        exposure : Exposure or None
            None where the detector did not say when: nothing is known then.
        """
        final = self._committed.stalled
        if exposure is None or (self._committed.ns < exposure.end_ns and final):
            return {key: value for name in JOINED for key, value in environment_fields(name, MISSING).items()}
        if self._committed.ns < exposure.end_ns:
            return None
        fields: dict[str, Any] = {}
        for quantity in JOINED:
            reach_ns = self._reach_ns(quantity, exposure)
            found = over_exposure(self._log, quantity, exposure, reach_ns, self._committed.ns, final)
            if found is None:
                return None
            fields.update(environment_fields(quantity, found))
        return fields | dict(stood(self._log, exposure, self._pace.reach_ns(exposure)))

    def _reach_ns(self, quantity: str, exposure: Exposure) -> int:
        """Return how far a neighbouring sample may be away, ns: three sampling intervals of its instrument."""
        if quantity == "stack_pressure":
            interval = None
        elif quantity in ("temperature", "stack_pressure_uncertainty"):
            interval = self._run.setting("heater", "poll_interval_s")
        else:
            interval = self._pace.longest(exposure)
        return int(min(max(LEAST_REACH_S, 3 * float(interval or 0)), MOST_REACH_S) * NS)
