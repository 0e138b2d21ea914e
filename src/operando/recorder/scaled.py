"""An executor that sends work to a cluster, and does itself whatever the cluster loses, refuses or keeps too long.

What is submitted must be a pure function of its arguments: it may run twice, and the first result is taken.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Protocol

WATCH_S = 0.5
"""s between two looks at the cluster, and at what it has kept too long."""
HUNG_S = 10.0
"""s that a look at the cluster is waited for, at the begin and at the end: a shared folder may hang for ever."""

BATCH = 16
"""Frames that are sent together: a message costs this process 3 ms and the scheduler 4 ms, a frame its worker 4 ms."""
LINGER_S = 0.02
"""s that a frame waits for others to be sent with."""

Work = tuple[Callable[..., Any], tuple[Any, ...]]
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

    def submit(self, work: Sequence[Work]) -> "Future[list[Any]]":
        """Send work together; the future fails where its results cannot be had from there."""

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
    trial: bool = False
    """Whether it only shows that the cluster answers."""


class Scaled(Executor):
    """Runs work on a cluster while it can.

    Parameters
    ----------
    cluster : Cluster
        Owned, and left with `shutdown`.
    threads : int
        Of this process.
    patience : float
        s after which work that the cluster has kept is begun here, too; it gets no more then, but for one piece in that
        time to try it with, until something comes back.
    whole : callable
        Whether a result of the cluster is good; another one is made again here, where it counts.
    clock : callable
        s, monotonic.
    linger : float
        s that work waits for more to be sent with.
    """

    def __init__(
        self,
        cluster: Cluster,
        threads: int,
        patience: float,
        whole: Callable[[Any], bool] = lambda result: True,
        clock: Callable[[], float] = time.monotonic,
        linger: float = LINGER_S,
    ) -> None:
        self._cluster, self._patience, self._whole, self._clock = cluster, patience, whole, clock
        self._linger = linger
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reduction")
        self._lock = threading.Lock()
        self._out: set[_Job] = set()
        self._said: str | None = None
        self.there = self.here_instead = 0
        """Results of the cluster; and work that was begun here, as it could not be asked or did not answer well."""
        self._unsent: SimpleQueue[_Job | None] = SimpleQueue()
        self._keeps = False
        """Whether the cluster keeps what it is sent."""
        self._trial: _Job | None = None
        """What it is tried with meanwhile; nobody waits for it."""
        self._looked, self._ended = threading.Event(), threading.Event()
        self._looker = threading.Thread(target=self._keep_looking, name="reduction look", daemon=True)
        self._watch = threading.Thread(target=self._keep_watch, name="reduction watch", daemon=True)
        self._sender = threading.Thread(target=self._send_all, name="reduction sender", daemon=True)
        for thread in (self._looker, self._watch, self._sender):
            thread.start()
        self._looked.wait(HUNG_S)  # what comes at once may go there

    @property
    def state(self) -> str:
        """Where work is done now, in words."""
        why = self._why_here
        place = f"here: {why}" if why else self._cluster.state
        return f"{place}; {self.there} frames there, {self.here_instead} here"

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Have the cluster do it, or these threads."""
        job = _Job(partial(fn, **kwargs) if kwargs else fn, args, self._clock())
        unusable = self._cluster.unusable
        if unusable or self._keeps:
            self._begin_here(job)
            if not unusable:
                self._try_with(job)
            return job.outer
        with self._lock:
            self._out.add(job)
        self._unsent.put(job)
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
        self._unsent.put(None)
        for thread in (self._watch, self._sender):
            thread.join()
        self._pool.shutdown(wait, cancel_futures=cancel_futures)
        self._looker.join(HUNG_S)
        if self._looker.is_alive():
            _logger.warning("cluster: a look at it hangs; it is not left in good order")
        else:
            self._cluster.close()

    def _send_all(self) -> None:
        """Send what is submitted, together what comes together."""
        while (job := self._unsent.get()) is not None:
            batch: list[_Job | None] = [job]
            while batch[-1] is not None and len(batch) < BATCH:
                try:
                    batch.append(self._unsent.get(timeout=self._linger))
                except Empty:
                    break
            self._send([each for each in batch if each is not None and not (each.here or each.outer.cancelled())])
            if batch[-1] is None:
                return

    def _send(self, batch: list[_Job]) -> None:
        if not batch:
            return
        try:
            inner = self._cluster.submit([(job.fn, job.args) for job in batch])
        except Exception as error:  # noqa: BLE001 - whatever a cluster's library raises, frames go on here
            self._fall_back(batch, error)
            return

        def cancel(_: "Future[Any]") -> None:
            if all(job.outer.done() for job in batch):  # forgotten, or done here: a worker that hangs would keep it
                inner.cancel()

        for job in batch:
            job.outer.add_done_callback(cancel)
        inner.add_done_callback(lambda inner: self._came(batch, inner))

    def _keep_looking(self) -> None:
        """See who is there: in a thread of its own, as it may hang."""
        self._look()
        self._looked.set()
        while not self._ended.wait(WATCH_S):
            self._look()

    def _keep_watch(self) -> None:
        while not self._ended.wait(WATCH_S):
            self._begin_what_is_kept()

    def _look(self) -> None:
        try:
            self._cluster.look()
        except Exception:  # the boundary of a thread that must live: nobody else looks
            _logger.exception("cluster: cannot be looked at")
        self._say()

    def _begin_what_is_kept(self) -> None:
        """Begin here what the cluster has had for too long, and everything once it is lost."""
        lost = self._cluster.unusable
        with self._lock:
            before = self._clock() - (0.0 if lost else self._patience)
            kept = [job for job in self._out if job.since <= before and not job.here]
        if not kept:
            return
        self._keeps = self._keeps or not lost
        for job in sorted(kept, key=lambda each: each.since):
            self._begin_here(job)
        _logger.warning(
            "cluster: %d frames that it has are integrated here, too: %s", len(kept), lost or self._why_here
        )

    @property
    def _why_here(self) -> str:
        """Why work is done here just now; empty where it is sent."""
        if unusable := self._cluster.unusable:
            return unusable
        kept = f"{self._cluster.state}; it keeps frames longer than {self._patience:g} s ([reduction] patience_s)"
        return kept if self._keeps else ""

    def _try_with(self, job: _Job) -> None:
        """See whether a cluster that kept what it had does this, which is done here all the same; now and then."""
        now = self._clock()
        if self._trial and now - self._trial.since <= self._patience:
            return
        if self._trial:
            self._trial.outer.cancel()
        self._trial = _Job(job.fn, job.args, now, trial=True)
        self._unsent.put(self._trial)

    def _came(self, batch: list[_Job], inner: "Future[list[Any]]") -> None:
        """Take what the cluster made of work that was sent together."""
        if inner.cancelled():
            self._fall_back(batch, None)
        elif error := inner.exception():
            self._fall_back(batch, error)
        else:
            self._keeps = False
            for job, result in zip(batch, inner.result(), strict=True):
                self._take(job, result)

    def _take(self, job: _Job, result: Any) -> None:
        if job.outer.done() or job.trial:
            self._forget(job)
        elif self._whole(result):
            self.there += 1
            self._settle(job, lambda: job.outer.set_result(result))
        else:
            self._begin_here(job)

    def _fall_back(self, batch: list[_Job], error: BaseException | None) -> None:
        _logger.debug("cluster: %s; done here", error or "cancelled")
        for job in batch:
            if job.outer.done() or job.trial:
                self._forget(job)
            else:
                self._begin_here(job)

    def _begin_here(self, job: _Job) -> None:
        with self._lock:
            begun, job.here = job.here, True
            self.here_instead += not begun
        if begun:
            return
        try:
            self._pool.submit(job.fn, *job.args).add_done_callback(lambda own: self._came_here(job, own))
        except RuntimeError:  # the pool is shut down
            job.outer.cancel()

    def _came_here(self, job: _Job, own: "Future[Any]") -> None:
        if own.cancelled():
            self._settle(job, job.outer.cancel)
        elif error := own.exception():
            self._settle(job, lambda: job.outer.set_exception(error))
        else:
            self._settle(job, lambda: job.outer.set_result(own.result()))

    def _settle(self, job: _Job, hand_on: Callable[[], object]) -> None:
        """Hand on the first result; the second is the same."""
        self._forget(job)
        with suppress(InvalidStateError):
            hand_on()

    def _forget(self, job: _Job) -> None:
        with self._lock:
            self._out.discard(job)

    def _say(self) -> None:
        """Log where work is done, when that changes."""
        why = self._why_here
        if why != self._said:
            if why:
                _logger.warning("%s; frames are integrated here", why)
            else:
                _logger.info("%s: frames go there", self._cluster.state)
            self._said = why
