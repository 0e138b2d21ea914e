"""Work goes to a cluster while it can, and comes back whatever becomes of the cluster; without any cluster."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from waiting import wait_until

from operando.recorder.scaled import Scaled


class ToyCluster:
    """A cluster that keeps what it is sent until the test says what becomes of it."""

    def __init__(self) -> None:
        self.unusable = ""
        self.sent: list[tuple[Callable[..., Any], tuple[Any, ...], Future[Any]]] = []
        self.looked, self.left = 0, False
        self.broken = False

    @property
    def state(self) -> str:
        return "toy"

    def look(self) -> None:
        self.looked += 1
        if self.broken:
            raise OSError("no answer")

    def submit(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> "Future[Any]":
        if self.broken:
            raise OSError("gone")
        future: Future[Any] = Future()
        self.sent.append((fn, args, future))
        return future

    def finish(self) -> None:
        for fn, args, future in self.sent:
            future.set_result(fn(*args))

    def close(self) -> None:
        self.left = True


class Clock:
    """s, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def cluster() -> ToyCluster:
    return ToyCluster()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scaled(cluster: ToyCluster, clock: Clock) -> Iterator[Scaled]:
    executor = Scaled(cluster, 1, 30.0, whole=lambda result: result != "file not seen", clock=clock)
    yield executor
    executor.shutdown()


def name_of_thread() -> str:
    return threading.current_thread().name


def test_what_the_cluster_does_is_taken_from_it(cluster: ToyCluster, scaled: Scaled) -> None:
    futures = [scaled.submit(pow, base, 2) for base in range(5)]
    assert not any(future.done() for future in futures)
    cluster.finish()
    assert [future.result() for future in futures] == [0, 1, 4, 9, 16]
    assert (scaled.there, scaled.here_instead) == (5, 0)


def test_named_arguments_travel(cluster: ToyCluster, scaled: Scaled) -> None:
    future = scaled.submit(int, "11", base=2)
    cluster.finish()
    assert future.result() == 3


def test_without_a_worker_it_is_done_here(cluster: ToyCluster, scaled: Scaled) -> None:
    cluster.unusable = "no worker"
    assert scaled.submit(name_of_thread).result(10.0).startswith("reduction")
    assert cluster.sent == []
    assert scaled.state == "here: no worker; 0 frames there, 1 here"


def test_what_is_lost_or_fails_there_is_done_here(cluster: ToyCluster, scaled: Scaled) -> None:
    lost, failed = scaled.submit(pow, 2, 3), scaled.submit(pow, 2, 4)
    cluster.sent[0][2].cancel()
    cluster.sent[0][2].set_running_or_notify_cancel()
    cluster.sent[1][2].set_exception(RuntimeError("the worker died three times"))
    assert (lost.result(10.0), failed.result(10.0)) == (8, 16)


def test_a_cluster_that_takes_nothing_stops_nothing(cluster: ToyCluster, scaled: Scaled) -> None:
    cluster.broken = True
    assert scaled.submit(pow, 2, 5).result(10.0) == 32


def test_what_another_host_does_not_see_is_looked_for_here(cluster: ToyCluster, scaled: Scaled) -> None:
    future = scaled.submit(str, "seen")
    cluster.sent[0][2].set_result("file not seen")
    assert future.result(10.0) == "seen"


def test_an_error_of_the_work_itself_is_that_of_this_process(cluster: ToyCluster, scaled: Scaled) -> None:
    future = scaled.submit(int, "x")
    cluster.sent[0][2].set_exception(RuntimeError("on another host"))
    with pytest.raises(ValueError, match="invalid literal"):
        future.result(10.0)


def test_what_is_kept_too_long_is_done_here_and_the_late_answer_ignored(
    cluster: ToyCluster, clock: Clock, scaled: Scaled
) -> None:
    future = scaled.submit(name_of_thread)
    looked = cluster.looked
    clock.now = 29.0
    wait_until(lambda: cluster.looked > looked + 1)
    assert not future.done()
    clock.now = 31.0
    assert future.result(10.0).startswith("reduction")
    cluster.finish()
    assert future.result().startswith("reduction")
    assert scaled.there == 0


def test_what_a_lost_cluster_had_is_done_here_at_once(cluster: ToyCluster, scaled: Scaled) -> None:
    """Its library may never say what became of it."""
    future = scaled.submit(name_of_thread)
    cluster.unusable = "the connection is lost"
    assert future.result(10.0).startswith("reduction")


def test_a_cluster_that_cannot_be_looked_at_is_looked_at_again(cluster: ToyCluster, scaled: Scaled) -> None:
    cluster.broken = True
    looked = cluster.looked
    wait_until(lambda: cluster.looked > looked + 1)


def test_here_means_here(cluster: ToyCluster, scaled: Scaled) -> None:
    assert scaled.here(name_of_thread).result(10.0).startswith("reduction")
    assert cluster.sent == []


def test_forgotten_work_is_cancelled_there(cluster: ToyCluster, scaled: Scaled) -> None:
    assert scaled.submit(pow, 2, 2).cancel()
    assert cluster.sent[0][2].cancelled()


def test_whoever_waits_for_its_end_gets_everything(cluster: ToyCluster, clock: Clock) -> None:
    executor = Scaled(cluster, 1, 30.0, clock=clock)
    futures = [executor.submit(pow, 2, n) for n in range(4)]
    executor.shutdown(wait=True)
    assert [future.result(0) for future in futures] == [1, 2, 4, 8]
    assert cluster.left


def test_whoever_does_not_wait_leaves_nothing_behind(cluster: ToyCluster, clock: Clock) -> None:
    executor = Scaled(cluster, 1, 30.0, clock=clock)
    future = executor.submit(pow, 2, 2)
    executor.shutdown(wait=False, cancel_futures=True)
    assert future.cancelled()
    assert cluster.left
