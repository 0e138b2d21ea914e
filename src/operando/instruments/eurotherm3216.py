"""Eurotherm 3216, a temperature controller on Modbus RTU, which ramps and regulates by itself.

Sources: 3200 series engineering handbook HA028651 issue 7, chapter "Digital communications"; 2000 series
communications handbook HA026230 issue 3, "IEEE region": parameter n is a float in the two registers at 0x8000 + 2 n,
whatever the number of decimals on the display, and is written by function 16 only.

Setpoints live in an EEPROM that stands about 100 000 writes: a target is written once a move, and the instrument's own
ramp (parameter 35) does the rest.

With the watchdog the target goes to the remote setpoint (26, selected by 276), which wears nothing and must be written
again within some seconds. Where the host falls silent the instrument says so (status bit 14) and goes back, along its
ramp, to the local target (2): the last one that was reached, which is written there once it is.
"""

import logging
import math
import struct
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import minimalmodbus
import serial

from operando.errors import BadReply, InstrumentError, InstrumentRefused, NoReply
from operando.instruments.roles import ControllerStatus, TemperatureReading
from operando.vocabulary import Quality, Reading

logger = logging.getLogger(__name__)

PROCESS_VALUE = 1
TARGET = 2
REMOTE_TARGET = 26
RAMP_RATE = 35
STATUS = 75
MODE = 199
SELECT_REMOTE = 276
NORMAL, STANDBY = 0, 1  # 2 is configuration mode, which stops regulating: never written
READ, WRITE = 3, 16  # Modbus functions
REACHED = 0.06  # K; the display shows tenths
REPLY_TIME = 0.5  # s; a block may take the instrument 500 ms (HA028651)
SILENCE = 1.0  # s without a byte after which a reply that was missed is not expected any more
ROUNDS = 3  # of listening, at most: a line full of noise is asked again all the same


def as_float(parameter: int) -> int:
    """Return the register of a parameter in the IEEE region.

    >>> hex(as_float(RAMP_RATE))
    '0x8046'
    """
    return 0x8000 + 2 * parameter


class Eurotherm3216:
    """A temperature controller.

    Parameters
    ----------
    port : str or serial.Serial
        As the operating system names it, or an open port.
    address : int
        Modbus address, 1 to 254.
    baudrate : int
        9600 or 19200.
    watchdog : bool
        Targets go to the remote setpoint, and `refresh` must be called every second or so.
    now_ns : callable
        UTC in ns since the epoch.
    """

    def __init__(
        self,
        port: Any,
        address: int = 1,
        baudrate: int = 19200,
        *,
        watchdog: bool = False,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._name = f"Eurotherm 3216 at {address}"
        self._missed = False
        with self._asking("opening the port"):
            if isinstance(port, str):
                port = serial.Serial(port, baudrate, timeout=REPLY_TIME, write_timeout=1.0, exclusive=True)
            self._modbus = minimalmodbus.Instrument(port, address)
        self._now_ns = now_ns
        self._watchdog = watchdog
        self._wearing_writes = 0
        self._looked_for_remote = not watchdog
        self._remote: float | None = None  # °C, the remote target that `refresh` writes; None: the local one counts
        self._local = self._setpoint = math.nan  # °C, as last read

    @property
    def wearing_writes(self) -> int:
        """How often the local target was written since this driver began: the EEPROM stands about 100 000."""
        return self._wearing_writes

    def read(self) -> TemperatureReading:
        """Return process value, setpoint, target, output and flags, at the time they were asked for."""
        asked = self._now_ns()
        with self._asking("process value to working setpoint"):
            words = self._modbus.read_registers(as_float(PROCESS_VALUE), 10, functioncode=READ)
        value, target, _, output, setpoint = struct.unpack(">5f", struct.pack(">10H", *words))
        with self._asking("status"):
            bits = self._modbus.read_register(STATUS, functioncode=READ)
        status = ControllerStatus(
            manual=bool(bits & 1 << 4),
            sensor_break=bool(bits & 1 << 5),
            loop_break=bool(bits & 1 << 6),
            heater_fail=bool(bits & 1 << 7),
            over_range=bool(bits & 1 << 10),
            ramping=bool(bits & 1 << 13),
            remote_fail=bool(bits & 1 << 14),
        )
        self._local, self._setpoint = target, setpoint
        if not self._looked_for_remote:
            self._look_for_remote(status)
        target = target if self._remote is None else self._remote
        return TemperatureReading(_judged(value, asked, status), setpoint, target, output, status)

    def write_target(self, celsius: float) -> None:
        """Send the instrument's ramp to a new target, °C."""
        if not self._watchdog:
            self._write_local(celsius)
            return
        self._write_float(REMOTE_TARGET, celsius, "°C")
        if self._remote is None:
            self._write_whole(SELECT_REMOTE, 1)
        self._remote = celsius

    def refresh(self) -> None:
        """Write the remote target again, and what it has reached to the local one; nothing without a watchdog."""
        if self._remote is None:
            return
        self._write_float(REMOTE_TARGET, self._remote, "°C")
        if abs(self._setpoint - self._remote) < REACHED <= abs(self._local - self._remote):
            self._write_local(self._remote)

    def write_ramp_rate(self, kelvin_per_min: float) -> None:
        """Set the rate of the instrument's ramp, K/min."""
        self._write_float(RAMP_RATE, kelvin_per_min, "K/min")

    def hold(self) -> None:
        """Freeze the target where the setpoint is."""
        self.write_target(self.read().setpoint)

    def standby(self) -> None:
        """Switch the outputs off; the instrument goes on measuring."""
        self._write_whole(MODE, STANDBY)

    def resume(self) -> None:
        """Leave `standby` and regulate again."""
        self._write_whole(MODE, NORMAL)

    def close(self) -> None:
        """Let the port go."""
        self._modbus.serial.close()

    def _write_float(self, parameter: int, value: float, unit: str) -> None:
        if not math.isfinite(value):
            raise ValueError(f"{self._name}: {value} {unit} was asked for; nothing was changed")
        with self._asking(f"parameter {parameter} = {value:g} {unit}"):
            self._modbus.write_float(as_float(parameter), value)

    def _write_whole(self, parameter: int, value: int) -> None:
        with self._asking(f"parameter {parameter} = {value}"):
            self._modbus.write_register(parameter, value, functioncode=WRITE)

    def _write_local(self, celsius: float) -> None:
        self._wearing_writes += 1
        self._write_float(TARGET, celsius, "°C")

    def _look_for_remote(self, status: ControllerStatus) -> None:
        """Find out whether a host before this one has left its remote target; a failed one is not gone back to."""
        with self._asking("remote setpoint"):
            if self._modbus.read_register(SELECT_REMOTE, functioncode=READ):
                remote = self._modbus.read_float(as_float(REMOTE_TARGET), functioncode=READ)
                self._remote = self._local if status.remote_fail else remote
        self._looked_for_remote = True

    @contextmanager
    def _asking(self, command: str) -> Iterator[None]:
        """Turn the library's errors into ours, which name the instrument and what it was asked."""
        try:
            if self._missed:
                self._let_late_replies_pass()
            self._missed = True
            yield
            self._missed = False
        except minimalmodbus.NoResponseError as error:
            raise NoReply(f"{self._name}: {command}: not answered within {REPLY_TIME} s") from error
        except minimalmodbus.SlaveReportedException as error:
            self._missed = False
            raise InstrumentRefused(f"{self._name}: {command}: refused: {error}") from error
        except (minimalmodbus.ModbusException, ValueError, TypeError) as error:
            # the library checks a reply with the checks of its own arguments, hence ValueError
            raise BadReply(f"{self._name}: {command}: not an answer: {error}") from error
        except (OSError, termios.error) as error:  # serial.SerialException is an OSError, what its flush meets is not
            self._let_go()
            raise InstrumentError(f"{self._name}: {command}: line lost: {error}") from error

    def _let_late_replies_pass(self) -> None:
        """Listen until nothing comes any more.

        Modbus RTU numbers nothing: an instrument that answers late would be believed, one question behind.
        """
        port = self._modbus.serial
        if not port.is_open:
            return
        port.timeout = SILENCE
        try:
            for _ in range(ROUNDS):
                if not port.read(256):
                    return
        finally:
            port.timeout = REPLY_TIME

    def _let_go(self) -> None:
        """Close a lost port: the library opens it again with the next command."""
        if hasattr(self, "_modbus"):
            logger.warning("%s: line lost", self._name)
            self._modbus.serial.close()


def _judged(value: float, asked: int, status: ControllerStatus) -> Reading:
    if status.sensor_break or status.over_range or not math.isfinite(value):
        return Reading(math.nan, asked, Quality.INVALID)
    return Reading(value, asked)
