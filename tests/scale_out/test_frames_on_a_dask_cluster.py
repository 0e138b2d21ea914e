"""Frames integrated on a real dask.distributed cluster: the same file as from this process, whoever is killed."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path

import pytest
from campaigns.fly_run import FlyRun
from recorder.made_run import CONFIGS, NMC811, MadeRun
from recorder.same_file import assert_same_file
from scale_out.dask_processes import DaskProcesses
from waiting import wait_until

from operando.config import load
from operando.config.reduction import Reduction, Scheduler
from operando.history import EnvironmentHistory
from operando.recorder.executors import open_executor
from operando.recorder.runs import Runs
from operando.recorder.scaled import Scaled
from operando.recorder.service import run as record

pytest.importorskip("distributed")
PATIENCE_S = 120.0
FRAMES = 1_200
"""More than twice as many as are on their way at a time: some are left when the scheduler is killed."""


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[DaskProcesses]:
    folder = tmp_path / "dask"
    folder.mkdir()
    processes = DaskProcesses(folder)
    yield processes
    processes.close()


def settings(dask: DaskProcesses) -> Reduction:
    """Return ``[reduction]``; workers that are just starting on a busy host are waited for."""
    return Reduction(where="dask", scheduler=Scheduler(address=dask.address), threads=1, patience_s=PATIENCE_S)


def opened(dask: DaskProcesses, workers: int) -> Scaled:
    """Return an executor that sees so many workers."""
    executor = open_executor(settings(dask), Path)
    assert isinstance(executor, Scaled)
    wait_until(lambda: f"{workers} workers" in executor.state, PATIENCE_S, f"{workers} workers")
    return executor


def recorded(root: Path, executor: Executor | None, look: Callable[[], None] = lambda: None) -> Path:
    """Record what is below a root; ``look`` is called at each step. Return the file of record."""
    (root / "data").mkdir(exist_ok=True)
    with closing(EnvironmentHistory(root / "environment")) as history:
        runs = Runs(root / "journal", root / "data", history, once=True, executor=executor)
        runs.discover()
        while not runs.exhausted:
            look()
            if not runs.step():
                runs.rest(0.05)
        runs.close()
    assert runs.failed == {}
    return runs.finished[0]


def test_local_and_dask_give_the_same_file(tmp_path: Path, dask: DaskProcesses) -> None:
    run = MadeRun(tmp_path, frames=8, per_file=3, lattice=NMC811)
    run.write_frames()
    run.write_log()
    run.write_journal()
    local = recorded(tmp_path, None).rename(tmp_path / "local.nxs")
    dask.add_worker()
    executor = opened(dask, 1)
    with executor:
        there = recorded(tmp_path, executor)
        assert (executor.there, executor.here_instead) == (8, 0), executor.state
    assert_same_file(local, there)
    there.unlink()
    configured = load(CONFIGS / "simulated.toml").model_copy(update={"reduction": settings(dask)})
    record(configured, tmp_path, 0, True, lambda: None)
    assert_same_file(local, there)


def test_killed_workers_and_a_killed_scheduler_change_nothing(tmp_path: Path, dask: DaskProcesses) -> None:
    """One worker of two dies in mid-run, later the scheduler: the file is that of this process alone."""
    fly = FlyRun(tmp_path, FRAMES)
    fly.fly(period_s=0.0)
    local = recorded(tmp_path, None).rename(tmp_path / "local.nxs")
    workers = [dask.add_worker(), dask.add_worker()]
    executor = opened(dask, 2)
    killed: list[int] = []

    def look() -> None:
        if executor.there > 20 and not killed:
            dask.kill(workers[0])
            killed.append(executor.there)
        elif executor.there > 80 and len(killed) == 1:
            dask.kill(dask.scheduler)
            killed.append(executor.there)

    with executor:
        there = recorded(tmp_path, executor, look)
        wait_until(lambda: executor.state.startswith("here: "), PATIENCE_S, "word of the lost scheduler")
        assert len(killed) == 2
        assert executor.there > 80
        assert executor.there + executor.here_instead >= FRAMES
        assert executor.here_instead > 0
    assert_same_file(local, there)


def test_a_worker_of_another_make_gets_no_frames(tmp_path: Path, dask: DaskProcesses) -> None:
    """Its results might differ in their last bits: it says so itself, at the first frame that it is sent."""
    fly = FlyRun(tmp_path, 40)
    fly.fly(period_s=0.0)
    local = recorded(tmp_path, None).rename(tmp_path / "local.nxs")
    dask.add_worker(PYTHONPATH=str(_other_pyfai(tmp_path)))
    executor = opened(dask, 1)
    with executor:
        there = recorded(tmp_path, executor)
        assert executor.there == 0

        def is_refused() -> bool:
            executor.submit(pow, 2, 2).result(
                PATIENCE_S
            )  # a busy host's cluster may have been given up before it spoke
            return "instead of" in executor.state

        wait_until(is_refused, PATIENCE_S, "word of the worker that is refused")
    assert_same_file(local, there)


def _other_pyfai(folder: Path) -> Path:
    """Return a folder that makes a Python process think that its pyFAI is another one."""
    made = folder / "other" / "pyfai-1.0.dist-info"
    made.mkdir(parents=True)
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: pyFAI\nVersion: 1.0\n")
    return made.parent
