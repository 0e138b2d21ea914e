"""Frames come back in the order of their announcement, whatever becomes of them on the way."""

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from recorder.made_run import PONI, RECIPE, SHAPE, MadeRun, image

from operando.analysis import Integrator
from operando.recorder.documents import Announced
from operando.recorder.flight import Flight
from operando.recorder.inline import Inline
from operando.recorder.run import FrameStore, Stream
from operando.recorder.stage import FrameTask, Product, close_files, process

PATIENCE = 10.0


class Elsewhere(Executor):
    """Other hosts, that do nothing until they are told to, and see no file; and this one."""

    def __init__(self) -> None:
        self.futures: list[Future[Product]] = []
        self.asked_here: list[FrameTask] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        return self.futures[-1]

    def here(self, fn: Any, /, task: FrameTask) -> Future[Any]:
        self.asked_here.append(task)
        return Inline().submit(fn, task)


class Asked:
    """Announced frames of a made run, and a clock by hand."""

    def __init__(self, run: MadeRun, executor: Executor, frames: int | None = None) -> None:
        self.run = run
        self.now = 0.0
        self.flight = Flight(executor, PATIENCE, lambda: self.now)
        self.send(0, run.frames if frames is None else frames)

    def send(self, first: int, stop: int) -> None:
        run = self.run
        for number in range(first, stop):
            path, index = run.raw_file(number // run.per_file), number % run.per_file
            stream = Stream("stream", "xrd", SHAPE, 1.0)
            announced = Announced(
                FrameStore("uid", path, "/entry/data/data", True), index, number + 1, stream, index + 1
            )
            self.flight.send(announced, _task(run, number))

    def taken(self) -> list[tuple[int, Product]]:
        found = []
        while taken := self.flight.take():
            found.append((taken[0].sequence, taken[1]))
        return found


def _task(run: MadeRun, number: int) -> FrameTask:
    path, index = run.raw_file(number // run.per_file), number % run.per_file
    return FrameTask(path, "/entry/data/data", True, index, PONI, RECIPE, SHAPE)


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    return MadeRun(tmp_path, frames=6, per_file=2)


def test_what_comes_back_early_waits_for_those_before_it(run: MadeRun) -> None:
    hosts = Elsewhere()
    asked = Asked(run, hosts)
    for number in (3, 1, 5, 4):
        hosts.futures[number].set_result(Product(number, read=True))
    assert asked.taken() == []
    hosts.futures[0].set_result(Product(0, read=True))
    assert [product.number for _, product in asked.taken()] == [0, 1]
    hosts.futures[2].set_result(Product(2, read=True))
    assert [product.number for _, product in asked.taken()] == [2, 3, 4, 5]
    assert len(asked.flight) == 0


def test_what_another_host_does_not_see_is_looked_for_where_it_was_announced(run: MadeRun) -> None:
    run.write_frames()
    hosts = Elsewhere()
    asked = Asked(run, hosts)
    for future in hosts.futures:
        future.set_result(Product(reason="no such file"))
    found = asked.taken()
    assert [product.number for _, product in found] == [1, 2, 3, 4, 5, 6]
    assert all(product.pattern is not None for _, product in found)
    assert len(hosts.asked_here) == 6
    close_files()


def test_missing_frames_behind_each_other_share_one_wait(run: MadeRun) -> None:
    run.write_frames(missing=[1])
    asked = Asked(run, Inline())
    assert [sequence for sequence, _ in asked.taken()] == [1, 2]
    assert asked.flight.late == 2
    asked.now += PATIENCE
    assert asked.taken() == []
    asked.now += 0.1
    found = asked.taken()
    assert [(sequence, product.read) for sequence, product in found] == [(3, False), (4, False), (5, True), (6, True)]
    assert found[0][1].reason == "frame 0 of frames_000001.h5: no such file"
    assert asked.flight.late == 0
    close_files()


def test_a_frame_behind_one_that_was_given_up_long_ago_has_a_wait_of_its_own(run: MadeRun) -> None:
    asked = Asked(run, Inline(), frames=2)
    assert asked.taken() == []
    asked.now += PATIENCE + 0.1
    assert [product.read for _, product in asked.taken()] == [False, False]
    asked.now += 3600.0
    asked.send(2, 4)
    assert asked.taken() == []
    asked.now += 0.2
    run.write_frames()
    assert [(sequence, product.read) for sequence, product in asked.taken()] == [(3, True), (4, True)]
    close_files()


def test_work_that_somebody_cancelled_is_done_here(run: MadeRun) -> None:
    run.write_frames()
    hosts = Elsewhere()
    asked = Asked(run, hosts)
    for future in hosts.futures:
        future.cancel()
    assert [product.number for _, product in asked.taken()] == [1, 2, 3, 4, 5, 6]
    close_files()


def test_a_cancelled_last_look_at_a_frame_is_not_the_last(run: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = Elsewhere()
    asked = Asked(run, hosts, frames=1)
    hosts.futures[0].set_result(Product(reason="no such file"))
    assert asked.taken() == []
    asked.now += PATIENCE + 0.1
    with monkeypatch.context() as patch:
        patch.setattr(hosts, "here", hosts.submit)
        assert asked.taken() == []
        hosts.futures[-1].cancel()
    assert [(sequence, product.read) for sequence, product in asked.taken()] == [(1, False)]
    close_files()


def test_a_frame_that_comes_late_is_taken(run: MadeRun) -> None:
    asked = Asked(run, Inline())
    assert asked.taken() == []
    run.write_frames()
    assert [sequence for sequence, _ in asked.taken()] == [1, 2, 3, 4, 5, 6]
    close_files()


def test_threads_give_the_same_bits(run: MadeRun) -> None:
    run.write_frames()
    alone = Integrator(PONI, RECIPE, SHAPE)
    tasks = [_task(run, number) for number in range(run.frames)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(process, tasks * 5))
    for number, product in enumerate(found):
        wanted = alone.integrate(image(number % 6))
        assert product.pattern is not None
        assert product.pattern.intensity.tobytes() == wanted.intensity.tobytes()
    close_files()


def test_an_error_nobody_thought_of_costs_one_frame(run: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write_frames()

    def integrate(self: Integrator, frame: Any, monitor: float) -> Any:
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(Integrator, "integrate", integrate)
    found = Asked(run, Inline()).taken()
    assert [product.pattern for _, product in found] == [None] * 6
    assert found[0][1].reason == "frame 0 of frames_000000.h5: ZeroDivisionError: of all things"
    close_files()
