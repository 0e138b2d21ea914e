"""Work goes to a cluster while it can, and comes back whatever becomes of the cluster; without any cluster."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import pytest
from waiting import wait_until

from operando.recorder.scaled import BATCH, Scaled, Work


class ToyCluster:
    """A cluster that keeps what it is sent until the test says what becomes of it."""

    def __init__(self) -> None:
        self.unusable = ""
        self.batches: list[tuple[Sequence[Work], Future[list[Any]]]] = []
        self.looked, self.left = 0, False
        self.broken = False

    @property
    def state(self) -> str:
        return "toy"

    def look(self) -> None:
        self.looked += 1
        if self.broken:
            raise OSError("no answer")

    def submit(self, work: Sequence[Work]) -> "Future[list[Any]]":
        if self.broken:
            raise OSError("gone")
        future: Future[list[Any]] = Future()
        self.batches.append((work, future))
        return future

    def sent(self, works: int = 1) -> "list[Future[list[Any]]]":
        """Wait until so much work has been sent; return what is to become of it."""
        wait_until(lambda: sum(len(work) for work, _ in self.batches) >= works)
        return [future for _, future in self.batches]

    def finish(self, works: int = 1) -> None:
        """Do so much work as soon as it has been sent."""
        self.sent(works)
        for work, future in self.batches:
            future.set_result([fn(*args) for fn, args in work])

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
    cluster.finish(5)
    assert [future.result() for future in futures] == [0, 1, 4, 9, 16]
    assert (scaled.there, scaled.here_instead) == (5, 0)


def test_what_comes_together_is_sent_together(cluster: ToyCluster, clock: Clock) -> None:
    with Scaled(cluster, 1, 30.0, clock=clock, linger=30.0) as executor:
        futures = [executor.submit(pow, 2, n) for n in range(2 * BATCH)]
        assert len(cluster.sent(2 * BATCH)) == 2
        cluster.finish()
        assert [future.result() for future in futures] == [2**n for n in range(2 * BATCH)]


def test_named_arguments_travel(cluster: ToyCluster, scaled: Scaled) -> None:
    future = scaled.submit(int, "11", base=2)
    cluster.finish()
    assert future.result() == 3


def test_without_a_worker_it_is_done_here(cluster: ToyCluster, scaled: Scaled) -> None:
    cluster.unusable = "no worker"
    assert scaled.submit(name_of_thread).result(10.0).startswith("reduction")
    assert cluster.batches == []
    assert scaled.state == "here: no worker; 0 frames there, 1 here"


def test_what_is_lost_or_fails_there_is_done_here(cluster: ToyCluster, scaled: Scaled) -> None:
    lost = scaled.submit(pow, 2, 3)
    (sent,) = cluster.sent()
    sent.cancel()
    sent.set_running_or_notify_cancel()
    assert lost.result(10.0) == 8
    failed = scaled.submit(pow, 2, 4)
    cluster.sent(2)[1].set_exception(RuntimeError("the worker died three times"))
    assert failed.result(10.0) == 16


def test_a_cluster_that_takes_nothing_stops_nothing(cluster: ToyCluster, scaled: Scaled) -> None:
    cluster.broken = True
    assert scaled.submit(pow, 2, 5).result(10.0) == 32


def test_what_another_host_does_not_see_is_looked_for_here(cluster: ToyCluster, scaled: Scaled) -> None:
    future = scaled.submit(str, "seen")
    cluster.sent()[0].set_result(["file not seen"])
    assert future.result(10.0) == "seen"


def test_an_error_of_the_work_itself_is_that_of_this_process(cluster: ToyCluster, scaled: Scaled) -> None:
    future = scaled.submit(int, "x")
    cluster.sent()[0].set_exception(RuntimeError("on another host"))
    with pytest.raises(ValueError, match="invalid literal"):
        future.result(10.0)


def test_what_is_kept_too_long_is_done_here_and_the_late_answer_ignored(
    cluster: ToyCluster, clock: Clock, scaled: Scaled
) -> None:
    future = scaled.submit(name_of_thread)
    (sent,) = cluster.sent()
    sent.set_running_or_notify_cancel()  # too late to be cancelled there
    looked = cluster.looked
    clock.now = 29.0
    wait_until(lambda: cluster.looked > looked + 1)
    assert not future.done()
    clock.now = 31.0
    assert future.result(10.0).startswith("reduction")
    cluster.finish()
    assert future.result().startswith("reduction")
    assert scaled.there == 0


def test_what_was_done_here_is_not_kept_there(cluster: ToyCluster, clock: Clock, scaled: Scaled) -> None:
    future = scaled.submit(pow, 2, 6)
    (sent,) = cluster.sent()
    clock.now = 31.0
    assert future.result(10.0) == 64
    wait_until(sent.cancelled)


def test_a_cluster_that_keeps_what_it_has_is_only_tried_until_something_comes_back(
    cluster: ToyCluster, clock: Clock, scaled: Scaled
) -> None:
    kept = scaled.submit(pow, 2, 0)
    cluster.sent()
    clock.now = 31.0
    assert kept.result(10.0) == 1
    assert [scaled.submit(pow, 2, n).result(10.0) for n in range(1, 6)] == [2, 4, 8, 16, 32]
    trial = cluster.sent(2)[1]
    clock.now = 60.0
    assert scaled.submit(pow, 2, 6).result(10.0) == 64
    words = "here: toy; it keeps frames longer than 30 s ([reduction] patience_s); 0 frames there, 7 here"
    assert scaled.state == words
    clock.now = 62.0
    assert scaled.submit(pow, 2, 7).result(10.0) == 128
    again = cluster.sent(3)[2]
    assert trial.cancelled(), "one at a time"
    again.set_result([128])
    assert scaled.state == "toy; 0 frames there, 8 here"
    sent = scaled.submit(pow, 2, 8)
    cluster.sent(4)[3].set_result([256])
    assert sent.result(10.0) == 256
    assert (scaled.there, scaled.here_instead) == (1, 8)


def test_a_look_that_hangs_keeps_nothing_from_being_done(
    cluster: ToyCluster, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shared folder that does not answer, say."""
    monkeypatch.setattr("operando.recorder.scaled.HUNG_S", 0.01)
    answers = threading.Event()
    monkeypatch.setattr(cluster, "look", answers.wait)
    executor = Scaled(cluster, 1, 30.0, clock=clock)
    sent = executor.submit(pow, 2, 2)
    cluster.sent()
    cluster.unusable = "the connection is lost"
    assert sent.result(10.0) == 4
    assert executor.submit(pow, 2, 3).result(10.0) == 8
    executor.shutdown()
    assert not cluster.left, "whoever looks may be about to connect"
    answers.set()


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
    assert cluster.batches == []


def test_forgotten_work_is_cancelled_there(cluster: ToyCluster, clock: Clock) -> None:
    with Scaled(cluster, 1, 30.0, clock=clock, linger=30.0) as executor:
        futures = [executor.submit(pow, 2, n) for n in range(BATCH)]
        (sent,) = cluster.sent(BATCH)
        assert all(future.cancel() for future in futures[1:])
        assert not sent.cancelled(), "one of them is still wanted"
        assert futures[0].cancel()
        assert sent.cancelled()


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
