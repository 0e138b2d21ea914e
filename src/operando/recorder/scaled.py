"""An executor that sends work to a cluster, and does itself whatever the cluster loses, refuses or keeps too long.

What is submitted must be a pure function of its arguments: it may run twice, and the first result is taken.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, InvalidStateError, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

WATCH_S = 0.5
"""s between two looks at the cluster, and at what it has kept too long."""

_logger = logging.getLogger(__name__)


class Cluster(Protocol):
    """What `Scaled` asks of other hosts."""

    def look(self) -> None:
        """See who is there; may take a moment."""

    @property
    def unusable(self) -> str:
        """Why nothing can be sent just now; empty where it can."""

    @property
    def state(self) -> str:
        """In words, for the operator."""

    def submit(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> "Future[Any]":
        """Send work; the future fails where its result cannot be had from there."""

    def close(self) -> None:
        """Leave it."""


@dataclass(eq=False, slots=True)
class _Job:
    fn: Callable[..., Any]
    args: tuple[Any, ...]
    since: float
    outer: "Future[Any]" = field(default_factory=Future)
    here: bool = False
    """Whether it was begun here, too."""


class Scaled(Executor):
    """Runs work on a cluster while it can.

    Parameters
    ----------
    cluster : Cluster
        Owned, and left with `shutdown`.
    threads : int
        Of this process.
    patience : float
        s after which work that the cluster has kept is begun here, too.
    whole : callable
        Whether a result of the cluster is good; another one is made again here, where it counts.
    clock : callable
        s, monotonic.
    """

    def __init__(
        self,
        cluster: Cluster,
        threads: int,
        patience: float,
        whole: Callable[[Any], bool] = lambda result: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster, self._patience, self._whole, self._clock = cluster, patience, whole, clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reduction")
        self._lock = threading.Lock()
        self._out: set[_Job] = set()
        self._said: str | None = None
        self.there = self.here_instead = 0
        """Results of the cluster; and work that was begun here, as it could not be asked or did not answer well."""
        self._ended = threading.Event()
        self._look()
        self._watch = threading.Thread(target=self._keep_watch, name="reduction watch", daemon=True)
        self._watch.start()

    @property
    def state(self) -> str:
        """Where work is done now, in words."""
        unusable = self._cluster.unusable
        place = f"here: {unusable}" if unusable else self._cluster.state
        return f"{place}; {self.there} frames there, {self.here_instead} here"

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Have the cluster do it, or these threads."""
        job = _Job(partial(fn, **kwargs) if kwargs else fn, args, self._clock())
        if self._cluster.unusable:
            self._begin_here(job)
            return job.outer
        with self._lock:
            self._out.add(job)
        try:
            inner = self._cluster.submit(job.fn, args)
        except Exception as error:  # noqa: BLE001 - whatever a cluster's library raises, frames go on here
            self._fall_back(job, error)
            return job.outer
        job.outer.add_done_callback(lambda outer: inner.cancel() if outer.cancelled() else None)
        inner.add_done_callback(lambda inner: self._came(job, inner))
        return job.outer

    def here(self, fn: Callable[..., Any], /, *args: Any) -> "Future[Any]":
        """Do it in this process, whatever the cluster could do."""
        return self._pool.submit(fn, *args)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; what it has not done is cancelled, unless it is waited for."""
        if self._ended.is_set():
            return
        with self._lock:
            left = list(self._out)
        for job in left:
            if wait and not cancel_futures:
                self._begin_here(job)
            else:
                job.outer.cancel()
        self._ended.set()
        self._watch.join()
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
        self._cluster.close()

    def _keep_watch(self) -> None:
        while not self._ended.wait(WATCH_S):
            self._look()
            self._begin_what_is_kept()

    def _look(self) -> None:
        try:
            self._cluster.look()
        except Exception:  # the boundary of a thread that must live: without it, nothing would be begun here
            _logger.exception("cluster: cannot be looked at")
        self._say()

    def _begin_what_is_kept(self) -> None:
        """Begin here what the cluster has had for too long, and everything once it is lost."""
        lost = self._cluster.unusable
        with self._lock:
            before = self._clock() - (0.0 if lost else self._patience)
            kept = [job for job in self._out if job.since <= before and not job.here]
        for job in sorted(kept, key=lambda each: each.since):
            self._begin_here(job)
        if kept:
            why = lost or f"it keeps them longer than {self._patience:g} s ([reduction] patience_s)"
            _logger.warning("cluster: %d frames that it has are integrated here, too: %s", len(kept), why)

    def _came(self, job: _Job, inner: "Future[Any]") -> None:
        """Take what the cluster made of a job."""
        if job.outer.done():
            self._forget(job)
        elif inner.cancelled():
            self._begin_here(job)
        elif error := inner.exception():
            self._fall_back(job, error)
        elif not self._whole(inner.result()):
            self._begin_here(job)
        else:
            self.there += 1
            self._settle(job, inner)

    def _fall_back(self, job: _Job, error: BaseException) -> None:
        _logger.debug("cluster: %s; done here", error)
        self._begin_here(job)

    def _begin_here(self, job: _Job) -> None:
        with self._lock:
            begun, job.here = job.here, True
            self.here_instead += not begun
        if begun:
            return
        try:
            self._pool.submit(job.fn, *job.args).add_done_callback(lambda own: self._settle(job, own))
        except RuntimeError:  # the pool is shut down
            job.outer.cancel()

    def _settle(self, job: _Job, done: "Future[Any]") -> None:
        """Hand on the first result; the second is the same."""
        self._forget(job)
        try:
            if done.cancelled():
                job.outer.cancel()
            elif error := done.exception():
                job.outer.set_exception(error)
            else:
                job.outer.set_result(done.result())
        except InvalidStateError:
            pass

    def _forget(self, job: _Job) -> None:
        with self._lock:
            self._out.discard(job)

    def _say(self) -> None:
        """Log where work is done, when that changes."""
        unusable = self._cluster.unusable
        if unusable != self._said:
            if unusable:
                _logger.warning("%s; frames are integrated here", unusable)
            else:
                _logger.info("%s: frames go there", self._cluster.state)
            self._said = unusable
