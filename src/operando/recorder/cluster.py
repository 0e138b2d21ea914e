"""A cluster of dask.distributed: its scheduler, its workers, and which of them compute what this process computes.

A scheduler that cannot be reached, or comes back, is looked for again and again; a worker that has another version of
something that decides on the bits of a pattern refuses its work, and gets no more of it.
"""

import asyncio
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operando.config.reduction import Reduction, Scheduler, Slurm
from operando.errors import OperandoError
from operando.recorder.same_bits import difference, fingerprint

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


def checked(wanted: Mapping[str, str], any_processor: bool, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Do work on a worker that computes as the one who sent it.

    Raises
    ------
    OtherBits
        It does not.
    """
    if words := difference(wanted, fingerprint(), any_processor):
        from distributed import get_worker

        raise OtherBits(get_worker().address, words)
    return fn(*args)


class DaskCluster:
    """Workers behind a scheduler.

    Parameters
    ----------
    name : str
        For the operator.
    connect : callable
        Makes a client on an event loop, or raises OSError; asked again for as long as there is none.
    any_processor : bool
        Whether last bits of sines matter.
    """

    def __init__(self, name: str, connect: Callable[[Any], Any], any_processor: bool = False) -> None:
        self._name, self._connect, self._any_processor = name, connect, any_processor
        self._loop = OwnLoop()
        self._client: Any = None
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
        if self._why or self._client is None or self._client.status != "running":
            return f"{self._name}: {self._why or 'the connection is lost'}"
        if not self._good:
            return f"{self._name}: {f'no worker but refused ones: {self._words}' if self._refused else 'no worker'}"
        return ""

    def look(self) -> None:
        """Connect, and see which workers there are."""
        if self._client is not None and self._client.status == "closed":
            self._client = None
        try:
            if self._client is None:
                self._client = self._connect(self._loop.loop)
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

    def submit(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> "Future[Any]":
        """Send work to the workers that compute as this process does."""
        only = {"workers": list(self._good)} if self._refused else {}
        executor = self._client.get_executor(pure=False, **only)
        future: Future[Any] = executor.submit(checked, fingerprint(), self._any_processor, fn, args)
        future.add_done_callback(self._look_at)
        return future

    def close(self) -> None:
        """Leave the scheduler; what was sent is forgotten there."""
        if self._client is not None:
            cluster = self._client.cluster
            self._client.close(CONNECT_S)
            if cluster is not None:
                cluster.close(CONNECT_S)
            self._client = None
        self._loop.close()

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
        return DaskCluster(name, lambda loop: _slurm(slurm, beside, loop), settings.any_processor)
    scheduler = settings.scheduler
    assert scheduler is not None  # noqa: S101 - the configuration's own rule: dask is one of the two
    return DaskCluster(scheduler.address, lambda loop: _client(scheduler, beside, loop), settings.any_processor)


def _client(scheduler: Scheduler, beside: Callable[[str], Path], loop: Any) -> Any:
    from distributed import Client, Security

    security = None
    if scheduler.authority and scheduler.certificate and scheduler.key:
        security = Security(
            require_encryption=True,
            tls_ca_file=str(beside(scheduler.authority)),
            tls_client_cert=str(beside(scheduler.certificate)),
            tls_client_key=str(beside(scheduler.key)),
        )
    return Client(scheduler.address, timeout=CONNECT_S, set_as_default=False, security=security, loop=loop)


def _slurm(slurm: Slurm, beside: Callable[[str], Path], loop: Any) -> Any:
    """Start a scheduler in this process, and have Slurm start its workers, again whenever one ends."""
    from dask_jobqueue import SLURMCluster
    from distributed import Client

    shared = beside(slurm.shared_folder)
    nowhere = "127.0.0.1:0"
    """Where dask shows its pages: on this host alone, whatever it listens on else."""
    cluster = SLURMCluster(
        queue=slurm.queue,
        account=slurm.account,
        cores=slurm.cores,
        processes=1,
        memory=f"{slurm.memory_GB} GB",
        walltime=_hours(slurm.walltime_min),
        job_extra_directives=slurm.directives,
        job_script_prologue=slurm.prologue,
        log_directory=str(shared),
        interface=slurm.interface,
        security=True,
        shared_temp_directory=str(shared),
        worker_extra_args=["--no-dashboard", "--dashboard-address", nowhere],
        scheduler_options={"dashboard": False, "dashboard_address": nowhere},
        loop=loop,
    )
    cluster.adapt(minimum_jobs=slurm.workers, maximum_jobs=slurm.workers)
    return Client(cluster, timeout=CONNECT_S, set_as_default=False, loop=loop)


def _hours(minutes: float) -> str:
    """Return a time as Slurm writes it."""
    seconds = round(60 * minutes)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _in_short(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
