"""The one thread that renders frames, writes them and logs their truth, in the order of exposure."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from operando.sim.iocs.exposure import Exposure, FrameSource
from operando.sim.iocs.hdf_file import FrameFile
from operando.sim.iocs.states import StateHistory
from operando.sim.iocs.truth import TruthLog

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Readout:
    """Work that must not hold up Channel Access or the timing of exposures.

    Parameters
    ----------
    source : FrameSource
        Renders or serves frames.
    states : StateHistory
        What the cell was.
    truth : TruthLog
        Gets a line for each exposure; closed with the readout.
    """

    def __init__(self, source: FrameSource, states: StateHistory, truth: TruthLog) -> None:
        self.shape = source.shape
        self._source = source
        self._states = states
        self._truth = truth
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readout")

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Do ``work`` after all that was submitted before."""
        return self._thread.submit(work)

    def ready(self) -> bool:
        """Whether the cell has told its state yet."""
        return bool(self._states)

    def store(self, exposure: Exposure, file: FrameFile) -> int:
        """Render the frame of an exposure and write it; return how many frames the file holds."""
        states = self._states.during(exposure.start_ns, exposure.end_ns)
        index = file.append(self._source.frame(exposure, states), exposure)
        self._truth.append(exposure, states, file.path, index)
        return index + 1

    def skip(self, exposure: Exposure) -> None:
        """Log the truth of an exposure whose frame nobody keeps; returns at once."""
        self.submit(lambda: self._log(exposure)).add_done_callback(_tell_failure)

    def close(self) -> None:
        """Finish what was submitted."""
        self._thread.shutdown(wait=True)
        self._truth.close()

    def _log(self, exposure: Exposure) -> None:
        self._truth.append(exposure, self._states.during(exposure.start_ns, exposure.end_ns))


def _tell_failure(done: Future[None]) -> None:
    if (error := done.exception()) is not None:
        logger.error("truth log: a line is missing: %s", error)
