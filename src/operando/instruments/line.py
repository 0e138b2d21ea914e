"""The one seam between a driver and its instrument: bytes out, bytes in."""

import logging
import select
import termios
import time
from typing import Any, Protocol

import serial

from operando.errors import InstrumentError, NoReply

logger = logging.getLogger(__name__)

CHUNK = 4096
"""Bytes taken from the operating system at once; the size of Linux's terminal buffer."""


class Line(Protocol):
    """Bytes out, bytes in. Owned by one driver and one thread."""

    def write(self, data: bytes) -> None:
        """Send; raises `InstrumentError` where the line is lost."""

    def read_until(self, terminator: bytes, timeout: float) -> bytes:
        """Return the next bytes up to and including the terminator.

        Raises `NoReply` when it does not come within ``timeout`` (s); what came without it stays to be read.
        """

    def read_available(self) -> bytes:
        """Return what is there now, maybe nothing; never waits."""

    def close(self) -> None:
        """Let the port go."""


class SerialLine:
    """A serial port, 8 data bits, no parity, 1 stop bit, no flow control, not shared with any other program.

    A port that vanishes (a cable pulled out, an instrument switched off) raises `InstrumentError`; each later
    call tries to open it again, so an instrument that comes back is found without a restart.

    Parameters
    ----------
    port : str
        As the operating system names it.
    baudrate : int
        Bits per second.
    """

    def __init__(self, port: str, baudrate: int) -> None:
        self._port = port
        self._baudrate = baudrate
        self._pending = bytearray()
        self._serial: Any = None
        self._open()

    def write(self, data: bytes) -> None:
        """Send all of it."""
        if self._serial is None:
            self._open()
        try:
            self._serial.write(data)
        except OSError as error:  # serial.SerialException and its timeouts are OSErrors
            raise self._lost(error) from error

    def read_until(self, terminator: bytes, timeout: float) -> bytes:
        """Return the next bytes up to and including the terminator."""
        deadline = time.monotonic() + timeout
        while (found := self._pending.find(terminator)) < 0:
            left = deadline - time.monotonic()
            if left <= 0 or not self._wait(left):
                came = bytes(self._pending[-60:])
                raise NoReply(f"{self._port}: no {terminator!r} within {timeout:.3f} s; {came!r} came")
            self._take()
        reply = bytes(self._pending[: found + len(terminator)])
        del self._pending[: len(reply)]
        return reply

    def read_available(self) -> bytes:
        """Return what is there now, maybe nothing."""
        while self._wait(0) and self._take():
            pass
        reply = bytes(self._pending)
        self._pending.clear()
        return reply

    def close(self) -> None:
        """Let the port go."""
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    def _open(self) -> None:
        try:
            # timeout 0: reading never waits, the waiting is done by select with the time left
            self._serial = serial.Serial(
                self._port, self._baudrate, timeout=0, write_timeout=1.0, exclusive=True, xonxoff=False, rtscts=False
            )
        except (OSError, ValueError, termios.error) as error:
            raise InstrumentError(f"{self._port}: cannot be opened at {self._baudrate} baud: {error}") from error
        try:
            # a USB adapter keeps what comes for 16 ms otherwise (FTDI AN232B-04), three times in a step of 50 ms
            self._serial.set_low_latency_mode(True)
        except (ValueError, NotImplementedError):
            logger.debug("%s: has no low-latency mode", self._port)

    def _wait(self, timeout: float) -> bool:
        """Return whether bytes are there, after at most ``timeout`` s."""
        if self._serial is None:
            self._open()
        return bool(select.select([self._serial.fileno()], [], [], timeout)[0])

    def _take(self) -> bool:
        """Move bytes from the port to memory; False where there were none."""
        try:
            data: bytes = self._serial.read(CHUNK)
        except OSError as error:
            raise self._lost(error) from error
        self._pending += data
        return bool(data)

    def _lost(self, error: OSError) -> InstrumentError:
        logger.warning("%s: line lost: %s", self._port, error)
        self.close()
        self._pending.clear()
        return InstrumentError(f"{self._port}: line lost: {error}; it is opened again with the next command")
