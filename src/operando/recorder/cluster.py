"""A cluster of dask.distributed: its scheduler, its workers, and which of them compute what this process computes.

A scheduler that cannot be reached, or comes back, is looked for again and again; a worker that has another version of
something that decides on the bits of a pattern refuses its work, and gets no more of it.
"""

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operando.config.reduction import Reduction, Scheduler
from operando.errors import OperandoError
from operando.recorder.same_bits import difference, fingerprint
from operando.recorder.scaled import Work
from operando.recorder.slurm import slurm_client

if TYPE_CHECKING:
    from concurrent.futures import Future

CONNECT_S = 3.0
ANSWER_S = 3.0
SILENT_S = 15.0
"""s that a scheduler is given to answer who its workers are, at a time and in all: a host may be busy."""

_logger = logging.getLogger(__name__)


class OtherBits(OperandoError):
    """A worker whose results would not be those of the recorder's own process."""

    def __init__(self, worker: str, words: str) -> None:
        super().__init__(worker, words)
        self.worker, self.words = worker, words


class OwnLoop:
    """An event loop in a thread of its own: a client that does not come to be would leave the one that it made."""

    def __init__(self) -> None:
        self.loop: Any = None
        """Tornado's, as dask wants it."""
        self._running, self._end = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="cluster loop", daemon=True)
        self._thread.start()
        self._running.wait()

    def close(self) -> None:
        """End it; whatever runs in it is cancelled."""
        self.loop.add_callback(self._end.set)
        self._thread.join()

    async def _run(self) -> None:
        from tornado.ioloop import IOLoop

        self.loop = IOLoop.current()
        self._running.set()
        await self._end.wait()


def checked(wanted: Mapping[str, str], any_processor: bool, work: Sequence[Work]) -> list[Any]:
    """Do work on a worker that computes as the one who sent it.

    Raises
    ------
    OtherBits
        It does not.
    """
    if words := difference(wanted, fingerprint(), any_processor):
        from distributed import get_worker

        raise OtherBits(get_worker().address, words)
    return [fn(*args) for fn, args in work]


class DaskCluster:
    """Workers behind a scheduler.

    Parameters
    ----------
    name : str
        For the operator.
    connect : callable
        Makes a client on an event loop, and tells a stack what is undone when it is left; or raises OSError, and is
        asked again for as long as there is no client.
    any_processor : bool
        Whether last bits of sines matter.
    """

    def __init__(self, name: str, connect: Callable[[Any, ExitStack], Any], any_processor: bool = False) -> None:
        self._name, self._connect, self._any_processor = name, connect, any_processor
        self._loop = OwnLoop()
        self._client: Any = None
        self._left = ExitStack()
        self._why = "not connected yet"
        self._answered = -math.inf
        self._workers: dict[str, int] = {}
        self._refused: dict[str, str] = {}

    @property
    def state(self) -> str:
        """Who works, in words."""
        refused = f", {len(self._refused)} refused: {self._words}" if self._refused else ""
        return f"{self._name}: {len(self._good)} workers, {sum(self._good.values())} threads{refused}"

    @property
    def unusable(self) -> str:
        """Why nothing can be sent."""
        client = self._client  # whoever looks may leave it in this moment
        if self._why or client is None or client.status != "running":
            return f"{self._name}: {self._why or 'the connection is lost'}"
        if not self._good:
            return f"{self._name}: {f'no worker but refused ones: {self._words}' if self._refused else 'no worker'}"
        return ""

    def look(self) -> None:
        """Connect, and see which workers there are."""
        if self._client is not None and self._client.status == "closed":
            self._leave()
        try:
            if self._client is None:
                self._client = self._connect(self._loop.loop, self._left)
                self._answered = time.monotonic()
            if self._client.status == "running":
                self._ask(self._client)
            self._why = "" if self._client.status == "running" else "the connection is lost"
        except TimeoutError as error:
            if self._client is None or time.monotonic() - self._answered > SILENT_S:
                self._why = _in_short(error) if self._client is None else f"no answer for {SILENT_S:g} s"
        except OSError as error:
            self._why = _in_short(error)

    def _ask(self, client: Any) -> None:
        """Ask the scheduler who works."""
        self._workers = dict(client.sync(client.scheduler.ncores, callback_timeout=ANSWER_S))
        self._refused = {worker: why for worker, why in self._refused.items() if worker in self._workers}
        self._answered = time.monotonic()

    def submit(self, work: Sequence[Work]) -> "Future[list[Any]]":
        """Send work to the workers that compute as this process does."""
        only = {"workers": list(self._good)} if self._refused else {}
        executor = self._client.get_executor(pure=False, **only)
        future: Future[list[Any]] = executor.submit(checked, fingerprint(), self._any_processor, list(work))
        future.add_done_callback(self._look_at)
        return future

    def close(self) -> None:
        """Leave the scheduler; what was sent is forgotten there."""
        self._leave()
        self._loop.close()

    def _leave(self) -> None:
        self._client = None
        try:
            self._left.close()
        except (OSError, TimeoutError) as error:
            _logger.warning("%s: left without an answer: %s", self._name, _in_short(error))

    @property
    def _good(self) -> dict[str, int]:
        return {worker: threads for worker, threads in self._workers.items() if worker not in self._refused}

    @property
    def _words(self) -> str:
        return "; ".join(sorted(set(self._refused.values())))

    def _look_at(self, future: "Future[Any]") -> None:
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, OtherBits) and error.worker not in self._refused:
            self._refused = {**self._refused, error.worker: error.words}
            _logger.warning("%s: worker %s has %s; it gets no frames", self._name, error.worker, error.words)


def cluster_of(settings: Reduction, beside: Callable[[str], Path]) -> DaskCluster:
    """Return the cluster that a configuration names; it is connected to when it is first looked at.

    Parameters
    ----------
    beside : callable
        Makes a path of the configuration absolute.
    """
    if settings.slurm is not None:
        slurm = settings.slurm
        name = f"{slurm.workers} Slurm jobs of {slurm.cores} cores"
        return DaskCluster(
            name,
            lambda loop, left: slurm_client(slurm, beside(slurm.shared_folder), loop, left),
            settings.any_processor,
        )
    scheduler = settings.scheduler
    assert scheduler is not None  # noqa: S101 - the configuration's own rule: dask is one of the two
    return DaskCluster(
        scheduler.address, lambda loop, left: _client(scheduler, beside, loop, left), settings.any_processor
    )


def _client(scheduler: Scheduler, beside: Callable[[str], Path], loop: Any, left: ExitStack) -> Any:
    from distributed import Client, Security

    security = None
    if scheduler.authority and scheduler.certificate and scheduler.key:
        security = Security(
            require_encryption=True,
            tls_ca_file=str(beside(scheduler.authority)),
            tls_client_cert=str(beside(scheduler.certificate)),
            tls_client_key=str(beside(scheduler.key)),
        )
    client = Client(scheduler.address, timeout=CONNECT_S, set_as_default=False, security=security, loop=loop)
    left.callback(client.close, CONNECT_S)
    return client


def _in_short(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
