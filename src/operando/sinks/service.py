"""The process that sends documents elsewhere: a thread a sink, each following the journals at its own pace."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from operando.sinks.complaint import Complaint
from operando.sinks.delivery import Delivery
from operando.sinks.health import FOLDER, status_file, write_status
from operando.sinks.position import Positions
from operando.sinks.targets import Target

IDLE_S = 0.1
"""s between two looks at journals when there is nothing to do."""
WATCH_S = 0.5
"""s between two looks at the threads."""
STUCK_S = 120.0
"""s after which a target that does not return from a call is taken for hung; the slowest client gives up after 45 s."""
STOP_S = 1.5
"""s that threads are given to end."""

_logger = logging.getLogger(__name__)


def run(
    targets: Mapping[str, Target],
    root: Path,
    stop: threading.Event,
    ready: Callable[[], None],
    stuck_s: float = STUCK_S,
) -> bool:
    """Feed every target from the journals of a root until ``stop`` is set.

    Returns within two seconds of that, whatever the targets do; a thread whose target hangs is left behind, and the
    process must then end without waiting for it.

    Parameters
    ----------
    targets : Mapping
        Name → target.
    root : Path
        State root with ``journal``.
    stop : Event
        Set by whoever wants it to end.
    ready : callable
        Called when every thread runs; no target was asked yet.
    stuck_s : float
        s that a call of a target may take.

    Returns
    -------
    bool
        False where it ended by itself, because a target hung or a thread died: it wants to be started again.
    """
    deliveries = [
        Delivery(name, target.connect, root / "journal", Positions(root / FOLDER, name), target.live_only, stop)
        for name, target in targets.items()
    ]
    told = Complaint(status_file(root), "the status of the sinks is not known")
    with told.writing():
        status_file(root).unlink(missing_ok=True)  # the last words of a process that is dead
    threads = [
        threading.Thread(target=_feed, args=(delivery, stop), name=f"sink {delivery.name}", daemon=True)
        for delivery in deliveries
    ]
    for thread in threads:
        thread.start()
    _publish(root, deliveries, told)
    ready()
    asked = True
    while not stop.wait(WATCH_S):
        _publish(root, deliveries, told)
        if trouble := _trouble(deliveries, threads, stuck_s):
            _logger.error("%s; the sinks end here, to be started again", trouble)
            asked = False
            stop.set()
    deadline = time.monotonic() + STOP_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    _publish(root, deliveries, told)
    return asked


def _feed(delivery: Delivery, stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            if not delivery.step():
                stop.wait(IDLE_S)
    except Exception:  # the boundary of a thread
        _logger.exception("%s: its thread dies", delivery.name)
    finally:
        delivery.close()


def _trouble(deliveries: list[Delivery], threads: list[threading.Thread], stuck_s: float) -> str:
    for delivery, thread in zip(deliveries, threads, strict=True):
        if delivery.busy_for() > stuck_s:
            return f"{delivery.name}: its target has not answered for {delivery.busy_for():.0f} s"
        if not thread.is_alive():
            return f"{delivery.name}: its thread has died"
    return ""


def _publish(root: Path, deliveries: list[Delivery], told: Complaint) -> None:
    with told.writing():
        write_status(root, {each.name: each.health.summary(each.busy_for()) for each in deliveries})
