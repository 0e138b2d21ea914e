"""A recorder without a process: driven step by step, its clock by hand."""

from collections.abc import Callable

from recorder.made_run import MadeRun

from operando.history import EnvironmentHistory
from operando.recorder.runs import Runs


class SteppedRecorder:
    """Records below the root of a made run; nothing is done and no time passes but by `work`."""

    def __init__(self, run: MadeRun, log_is_kept: Callable[[], bool] = lambda: False) -> None:
        self.now = 0.0
        run.data.mkdir(exist_ok=True)
        self.history = EnvironmentHistory(run.root / "environment")
        self.runs = Runs(run.root / "journal", run.data, self.history, clock=lambda: self.now, log_is_kept=log_is_kept)

    def work(self, seconds: float = 0.0) -> None:
        """Let time pass and do whatever can be done then."""
        self.now += seconds
        self.runs.discover()
        while self.runs.step():
            pass

    def rows(self) -> int:
        """Frames that have a row in the runs that are being recorded."""
        return sum(recording.length for recording in self.runs.active)

    def close(self) -> None:
        self.runs.close()
        self.history.close()
