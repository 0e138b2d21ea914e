"""The recorder records a run of a bench."""

import shutil
import time
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass

from operando.bench.pipeline_run import MadeRun
from operando.errors import RecordError
from operando.history import EnvironmentHistory
from operando.recorder.runs import Runs
from operando.recorder.service import IDLE_S


@dataclass(frozen=True, slots=True)
class Turn:
    """What a frame costs, once tables have been made and kernels compiled.

    Parameters
    ----------
    wall : float
        s.
    busy : float
        s of a processor, of the thread that makes order and writes.
    spent : float
        s of processors, of all threads.
    """

    wall: float
    busy: float
    spent: float


def record(made: MadeRun, executor: Executor) -> Turn:
    """Record a run from its journal as the recorder's process does, from an empty folder to a complete file.

    Raises
    ------
    RecordError
        Not every frame became a pattern.
    """
    for folder in (made.data / "processed", made.root / "run"):
        shutil.rmtree(folder, ignore_errors=True)
    with closing(EnvironmentHistory(made.root / "environment")) as history:
        runs = Runs(made.root / "journal", made.data, history, once=True, executor=executor)
        runs.discover()
        begin = busy = spent = 0.0
        before = 0
        while not runs.exhausted:
            if not before and (before := sum(each.length for each in runs.active)):
                begin, busy, spent = time.perf_counter(), time.thread_time(), time.process_time()
            if not runs.step():
                runs.rest(IDLE_S)
        wall, busy = time.perf_counter() - begin, time.thread_time() - busy
        spent = time.process_time() - spent
        if runs.failed or runs.latest is None or runs.latest.account.integrated != made.frames:
            raise RecordError(f"bench pipeline: {runs.failed or (runs.latest and runs.latest.account)}")
    counted = made.frames - before
    return Turn(wall / counted, busy / counted, spent / counted)
