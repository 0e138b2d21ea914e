"""Frames on their way through the workers, taken back in the order in which they were announced."""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any

from operando.recorder.documents import Announced
from operando.recorder.stage import FrameTask, Product, process
from operando.vocabulary import Recipe

Clock = Callable[[], float]

AHEAD = 512
"""Frames on their way, or waiting for the environment log, which is complete a second later."""
AHEAD_BYTES = 128 * 2**20
"""That they may hold; cakes are large."""
LEAST_AHEAD = 16
"""So that workers do not wait for each other."""
FEW = 8
"""Frames on their way, up to which each that comes back is taken at once; of more, every eighth tells of the others."""


def most_ahead(recipe: Recipe) -> int:
    """Return how many frames may be on their way or wait.

    Examples
    --------
    >>> most_ahead(Recipe(1000, "q_nm^-1")), most_ahead(Recipe(2000, "q_nm^-1", sectors=360))
    (512, 16)
    """
    numbers = recipe.npt * (1 + recipe.sectors)  # of intensity, and as many of its error
    return min(AHEAD, max(LEAST_AHEAD, AHEAD_BYTES // (2 * numbers * 8)))


@dataclass(slots=True)
class _Frame:
    """A frame on its way."""

    announced: Announced
    task: FrameTask
    future: Future[Product]
    sent: float
    """s, by the clock of the flight."""
    final: bool = False
    """Whether it was given up and asked for the last time."""

    @property
    def told(self) -> bool:
        """Whether what became of it is known; work that somebody cancelled says nothing about its frame."""
        return _is_read(self.future) or (self.final and not self.future.cancelled())


class Flight:
    """Hands frames to an executor; a frame that is not there yet is asked for again.

    Parameters
    ----------
    executor : Executor
        Whatever runs `process`. One that reaches other hosts has a method ``here``, like ``submit`` but in this
        process: what another host does not see is asked for again where it was announced.
    patience : float
        s, how long an announced frame is waited for; missing ones that were sent right behind it share that wait.
    clock : callable
        s, monotonic.
    arrived : threading.Event, optional
        Set when frames have come back.
    """

    def __init__(
        self,
        executor: Executor,
        patience: float,
        clock: Clock = time.monotonic,
        arrived: threading.Event | None = None,
    ) -> None:
        self._executor = executor
        self._patience = patience
        self._clock = clock
        self._arrived = arrived
        self._frames: deque[_Frame] = deque()
        self._unread_since: float | None = None
        self._sent = 0

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def oldest(self) -> Announced | None:
        """The frame that is taken back next."""
        return self._frames[0].announced if self._frames else None

    @property
    def late(self) -> int:
        """Frames that were not in their file when they were asked for, and are asked for again."""
        if self._unread_since is None:
            return 0
        return sum(1 for frame in self._frames if frame.future.done() and not _is_read(frame.future))

    def send(self, announced: Announced, task: FrameTask) -> None:
        """Hand over the next frame."""
        self._sent += 1
        self._frames.append(_Frame(announced, task, self._submit(self._executor.submit, task), self._clock()))

    def take(self) -> tuple[Announced, Product] | None:
        """Return the oldest frame and what became of it; None while that is not known."""
        if not self._frames or not self._frames[0].future.done():
            return None
        frame = self._frames[0]
        if not frame.told:
            self._ask_again(frame)
            if not (frame.future.done() and frame.told):
                return None
        product = frame.future.result()
        self._frames.popleft()
        if product.read:
            self._unread_since = None
        return frame.announced, product

    def cancel(self) -> None:
        """Forget every frame."""
        for frame in self._frames:
            frame.future.cancel()
        self._frames.clear()

    def _ask_again(self, frame: _Frame) -> None:
        """Look for a frame in this process; for the last time, once it was waited for long enough."""
        if self._unread_since is None:
            self._unread_since = self._clock()
        frame.final = self._clock() - max(self._unread_since, frame.sent) > self._patience
        frame.task = replace(frame.task, abandoned=frame.final)
        here = getattr(self._executor, "here", self._executor.submit)
        frame.future = self._submit(here, frame.task)

    def _submit(self, submit: Callable[..., Future[Any]], task: FrameTask) -> Future[Product]:
        future: Future[Product] = submit(process, task)
        if self._arrived is not None and (len(self._frames) < FEW or self._sent % FEW == 0):
            future.add_done_callback(self._came)
        return future

    def _came(self, future: Future[Product]) -> None:
        """Wake whoever waits for frames; not for one that is not there: it is asked for at each look anyway."""
        if self._arrived is not None and _is_read(future):
            self._arrived.set()


def _is_read(future: Future[Product]) -> bool:
    """Whether an image was read, or nothing more will come: an error is told by `Flight.take`."""
    return not future.cancelled() and (future.exception() is not None or future.result().read)
