"""The file does not depend on who reads and integrates the frames, nor on who is faster."""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import h5py
import pytest
from recorder.made_run import NMC811, MadeRun
from recorder.same_file import assert_same_file

from operando.history import EnvironmentHistory
from operando.recorder.inline import Inline
from operando.recorder.runs import Runs

FRAMES = 10


class Unfair(ThreadPoolExecutor):
    """Threads that finish in an order of their own."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        pause = Random(len(args[0].path.name) * args[0].index).random() / 50

        def late() -> Any:
            threading.Event().wait(pause)
            return fn(*args, **kwargs)

        return super().submit(late)


def recorded(run: MadeRun, executor: Executor, kept: Path) -> Path:
    """Record a run from the beginning, and keep its file."""
    shutil.rmtree(run.data / "processed", ignore_errors=True)
    shutil.rmtree(run.root / "run", ignore_errors=True)
    history = EnvironmentHistory(run.root / "environment")
    with executor:
        runs = Runs(run.root / "journal", run.data, history, once=True, executor=executor)
        runs.discover()
        while not runs.exhausted:
            if not runs.step():
                runs.rest(0.05)
    history.close()
    assert runs.failed == {}
    return run.file.rename(kept)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """One file is lost, the detector dropped three frames, and the lattice is fitted from frame to frame."""
    run = MadeRun(tmp_path_factory.mktemp("root"), frames=FRAMES, per_file=2, lattice=NMC811)
    run.write_frames(missing=[2])
    with h5py.File(run.raw_file(4), "r+") as file:
        file["/entry/instrument/NDAttributes/NDArrayUniqueId"][...] = [12, 13]
    run.write_log()
    run.write_journal()
    return run


def test_threads_make_the_file_that_one_makes_alone(run: MadeRun, tmp_path: Path) -> None:
    alone = recorded(run, Inline(), tmp_path / "alone.nxs")
    with h5py.File(alone) as file:
        assert file["xrd/gaps/row"][()].tolist() == [4, 5]
        assert file["xrd/frames_missing"][()] == 3
        assert file["xrd/frames/lattice_trusted"][()].sum() == FRAMES - 2
    for number, executor in enumerate((ThreadPoolExecutor(1), ThreadPoolExecutor(4), Unfair(4))):
        assert_same_file(alone, recorded(run, executor, tmp_path / f"{number}.nxs"))
