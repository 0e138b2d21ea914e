"""The simulated beamline: this process answers the serial lines, a child of it serves records and frames.

A load-cell reply has 50 ms, and compressing a frame takes longer than that: hence two processes. What is true of the
cell goes to the child through a pipe, and is dropped rather than waited for when the child is behind.
"""

import gc
import logging
import multiprocessing
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from types import FrameType

from operando.sim.cell.state import TrueState
from operando.sim.detector_faults import DetectorFaults
from operando.sim.setup import Setup
from operando.sim.wires.loop import Wires

CHILD_START = 60.0
"""s within which the child must be ready."""

PRIORITY = 10
"""Of SCHED_FIFO: above every normal thread, below what regulates."""

CHILD_END = 5.0
"""s within which it must be gone once its pipe is closed; then it is terminated, then killed."""

logger = logging.getLogger(__name__)

Serve = Callable[[Setup, Connection], None]


def _serve_records(setup: Setup, states: Connection) -> None:
    """Run in the child, where alone caproto is imported. Ctrl-C in a terminal reaches it too, and is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from operando.sim.iocs import service

    service.run(setup, states)


class BeamlineError(Exception):
    """The simulated beamline cannot go on."""


class Records:
    """The child process and the pipe to it.

    A child that was killed is started again, as procServ does with an IOC; one that ends by itself is a defect.

    Parameters
    ----------
    setup : Setup
        Handed to the child.
    serve : callable
        What the child does; says "ready" through its end of the pipe, and ends at the end of the pipe.
    """

    def __init__(self, setup: Setup, serve: Serve) -> None:
        self._setup = setup
        self._serve = serve
        self.dropped = 0
        """States that found the pipe full."""
        self._start()

    def wait_until_ready(self, stop: threading.Event) -> bool:
        """Wait for the child's first message; False when ``stop`` was set before it came."""
        waited = 0.0
        while not stop.is_set():
            if self._states.poll(0.1):
                self._receive_ready()
                return True
            waited += 0.1
            if waited > CHILD_START:
                raise BeamlineError(f"simulated records: not ready within {CHILD_START:.0f} s; giving up")
        return False

    def publish(self, state: TrueState | DetectorFaults) -> None:
        """Send what is true now, unless the child is behind."""
        _, writable, _ = select.select([], [self._states], [], 0.0)
        if not writable:
            self.dropped += 1
            return
        try:
            self._states.send(state)
        except OSError as error:
            self._process.join(1.0)
            if (self._process.exitcode or 0) >= 0:
                raise self._died() from error
            self._start_again()

    def close(self) -> None:
        """End the child: the end of the pipe tells it to go."""
        self._states.close()
        self._process.join(CHILD_END)
        for end in (self._process.terminate, self._process.kill):
            if self._process.is_alive():
                logger.warning("simulated records: process %s is still there; ending it", self._process.pid)
                end()
                self._process.join(CHILD_END)
        self._process.close()
        if self.dropped:
            logger.info("simulated records: %d true states found the pipe full", self.dropped)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._states, theirs = context.Pipe(duplex=True)
        self._process = context.Process(target=self._serve, args=(self._setup, theirs), name="sim-records")
        self._process.start()
        theirs.close()

    def _start_again(self) -> None:
        logger.warning("simulated records: process %s was killed; it is started again", self._process.pid)
        self._states.close()
        self._process.close()
        self._start()

    def _receive_ready(self) -> None:
        try:
            self._states.recv()
        except (EOFError, OSError) as error:
            raise self._died() from error

    def _died(self) -> BeamlineError:
        self._process.join(1.0)
        message = f"simulated records: process {self._process.pid} ended with code {self._process.exitcode}"
        logger.error("%s; the simulated beamline ends", message)
        return BeamlineError(message)


def run(setup: Setup, ready: Callable[[], None], serve: Serve = _serve_records) -> None:
    """Serve the simulated beamline until SIGTERM or SIGINT; leaves neither link nor process behind.

    Parameters
    ----------
    setup : Setup
        Plain values.
    ready : callable
        Called once every line and record answers.
    serve : callable
        What the child process does.
    """
    stop = threading.Event()
    with _signals_set(stop), Wires(setup) as wires:
        records = Records(setup, serve)
        try:
            if records.wait_until_ready(stop):
                _answer_like_hardware()
                ready()
                wires.run(stop, records.publish)
        finally:
            records.close()


def _answer_like_hardware() -> None:
    """Ask for real-time priority: no instrument answers late because the host is busy."""
    gc.freeze()
    try:
        # Without the flag a child that is started again would render its frames at this priority.
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except (OSError, AttributeError) as error:
        logger.info(
            "simulated instruments: no real-time priority (%s); on a busy host a reply may come too late", error
        )


@contextmanager
def _signals_set(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set ``stop``; outside the main thread, which alone gets signals, nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _: FrameType | None) -> None:
        logger.info("simulated beamline: %s", signal.Signals(number).name)
        stop.set()

    previous = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
