"""The recorder process: follows the journals of a root and writes files of record until it is told to stop."""

import logging
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from operando.config import Endstation
from operando.disk import DiskWatch, Limits, Watched
from operando.errors import RecordError
from operando.history import EnvironmentHistory
from operando.live import Feed
from operando.live.client import PLACE
from operando.recorder.anew import WorkingTime, start_anew
from operando.recorder.display import Display
from operando.recorder.executors import open_executor
from operando.recorder.health import Health
from operando.recorder.profiles import data_folder_of, data_root_of, make_data_folder
from operando.recorder.retention import Retention
from operando.recorder.runs import Runs

IDLE_S = 0.05
"""s between two looks at journals and log when there is nothing to do."""
DISCOVER_S = 0.25
"""s between two looks for new journals, and between two heartbeats at the latest."""

_logger = logging.getLogger(__name__)


def run(
    config: Endstation,
    root: Path,
    ca_port: int,
    once: bool,
    ready: Callable[[], None],
    log_is_kept: Callable[[], bool] = lambda: False,
) -> None:
    """Record every run of a root; returns at SIGTERM or SIGINT, with ``once`` when the journals are exhausted.

    Parameters
    ----------
    config : Endstation
        Names the data root and the prefix of the records; what a run looks like, its own documents say.
    root : Path
        State root with ``journal`` and ``environment``.
    ca_port : int
        Loopback port of the recorder's own EPICS records; unused with ``once``.
    once : bool
        Record what is there, serve nothing.
    ready : callable
        Called when journals are followed and records served.
    log_is_kept : callable
        Whether the environment service lives: then its log is waited for, however long its disk takes nothing.

    Raises
    ------
    ConfigurationError
        Packages for where frames shall be integrated are missing.
    RecordError
        With ``once``: some journal could not be made into a file of record; the others were, or are named, too.
    """
    history = EnvironmentHistory(root / "environment")
    data_root = data_root_of(config, root)
    make_data_folder(config, root)
    watch = _watch(config, root)
    clock = time.monotonic if once else WorkingTime(lambda: watch.latest.writable)
    executor = open_executor(config.reduction, config.beside)
    runs = Runs(root / "journal", data_root, history, once, clock, log_is_kept, executor)
    try:
        with _stopped_by_signals() as stop:
            if once:
                ready()
                _exhaust(runs, stop)
            else:
                retention = Retention(root / "journal", data_root, config.journal.keep_days)
                _follow(runs, retention, config, watch, root, ca_port, stop, ready)
    finally:
        watch.close()
        runs.drop() if runs.spoilt else runs.close()
        executor.shutdown(wait=True, cancel_futures=True)
        history.close()
    if once and (runs.failed or runs.spoilt):
        lines = [f"{path}: {reason}" for path, reason in runs.failed.items()]
        lines += [f"{path}: not done any more after {runs.spoilt}" for path in runs.left]
        raise RecordError("no file of record was made of\n" + "\n".join(lines or [runs.spoilt]))
    if once and runs.beside.failed:
        lines = [f"{path}: {reason}" for path, reason in runs.beside.failed.items()]
        raise RecordError("recorded, but files beside it are missing; record again to try again\n" + "\n".join(lines))


def _exhaust(runs: Runs, stop: threading.Event) -> None:
    runs.discover()
    while not (runs.exhausted or runs.spoilt or stop.is_set()):
        if not runs.step():
            runs.rest(IDLE_S)


def _watch(config: Endstation, root: Path) -> DiskWatch:
    """Watch the folder that runs go to, which a site may change, and the journals."""
    journals = Watched("journals", root / "journal", remake=True)
    limits = Limits(*config.disk.limits)
    return DiskWatch(lambda: [Watched("data root", data_folder_of(config, root)), journals], limits, str(config.file))


def _follow(
    runs: Runs,
    retention: Retention,
    config: Endstation,
    watch: DiskWatch,
    root: Path,
    ca_port: int,
    stop: threading.Event,
    ready: Callable[[], None],
) -> None:
    from operando.recorder.live import SPECS, LiveResults
    from operando.recorder.live_records import SPECS as LOOKS
    from operando.recorder.live_records import LookRecords
    from operando.records import RecordServer

    server = RecordServer(config.prefix, ca_port, SPECS + LOOKS)
    feed = Feed(root / PLACE)
    display = Display(time.monotonic, [LookRecords(server), feed.publish] if config.recorder.display else [])
    live = LiveResults(server, Health(watch, config.recorder.max_lag_s, str(config.file)), watch, feed.publish)
    watch.start()
    ready()
    looked = -math.inf
    while not stop.is_set():
        worked = False
        runs.look_at_the_clock()
        if watch.latest.writable:
            if runs.spoilt:
                start_anew(runs)
            if time.monotonic() - looked >= DISCOVER_S:
                runs.discover()
                retention.remove_if_due()
                looked = time.monotonic()
            worked = runs.step()
            if runs.waiting or runs.spoilt:
                watch.suspect()
        live.publish_if_due(runs)
        display.show_if_due(runs.latest, busy=worked)
        if not worked:
            runs.rest(IDLE_S)
    feed.close()
    server.close()


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set; in a thread other than the main one, nothing sets it."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, _: FrameType | None) -> None:
        _logger.info("recorder: signal %d; closing its files", number)
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
