"""Mantracourt DSCUSB load-cell digitiser, ASCII protocol.

DSCUSB Advanced Manual 517-934 issue 01.04: ``!001:SYS?⏎`` is answered within 50 ms by a number of fixed width and a
carriage return, a write or an action by a bare carriage return, anything not understood by ``?`` and a carriage
return, and a command for another station by nothing. Values out of range are never refused.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from operando.sim.wires.instrument import Reply

RATED_FORCE = 10_000.0
"""N, full scale of the load cell."""

NOISE = 0.2
"""N rms at the main output, 1 part in 50 000 of full scale."""

SENSITIVITY = 2.0
"""mV/V at full scale."""

SAMPLE_PERIOD = 0.01
"""s between two results of the converter."""

LATENCY = (0.001, 0.004)
"""s between the end of a command and the start of its reply; 50 ms are allowed."""

ELECTRICAL_OVER_RANGE, SYSTEM_OVER_RANGE = 32, 512
LOAD_CELL_INTEGRITY, OLD_VALUE = 2048, 8192
REBOOT = 32768

COMMAND = re.compile(rb"!(\d{3}):([A-Za-z0-9]{1,4})(\?|=[0-9+\-. ]{1,15})?")
DIGITS_BEFORE, DIGITS_AFTER = 5, 3

NOT_A_NUMBER = b"       NAN\r"
"""Text of a number's width in a number's place."""

Disturbance = Callable[[float, float], float]
"""From a force (N) and the time (s) to the force that the converter makes of it."""

SETTINGS = {
    "SZ": 0.0, "FLAG": float(REBOOT), "SGAI": RATED_FORCE / SENSITIVITY, "SOFS": 0.0, "CGAI": 1.0, "COFS": 0.0,
    "CMIN": -RATED_FORCE, "CMAX": RATED_FORCE, "SMIN": -RATED_FORCE, "SMAX": RATED_FORCE, "RATE": 6.0,
    "FFLV": 1.0, "FFST": 1.0, "DP": DIGITS_AFTER, "DPB": DIGITS_BEFORE, "NMVV": 2.5, "BAUD": 7.0,
}  # fmt: skip
"""What can be written and read back, as delivered."""


@dataclass(slots=True)
class Channel:
    """The measuring chain's present results.

    Parameters
    ----------
    force : float
        N, before the zero offset.
    peak, trough, snapshot : float
        N, of the main output.
    old : bool
        Whether the main output was read since the last result.
    """

    force: float = 0.0
    peak: float = -math.inf
    trough: float = math.inf
    snapshot: float = 0.0
    old: bool = False


class DSCUSB:
    """A digitiser on one load cell.

    Parameters
    ----------
    force : callable
        The true force in N.
    random : numpy.random.Generator
        Of noise and latency.
    station : int
        1 on every DSCUSB.
    """

    name = "load_cell"
    baudrate = 115200

    def __init__(self, force: Callable[[], float], random: np.random.Generator, station: int = 1) -> None:
        self.station = station
        self.broken_wire = False
        """A fault: the bridge is open, and only the status tells it."""
        self.frozen = False
        """A fault: the converter makes no new results."""
        self.not_a_number = False
        """A fault: the main output is text."""
        self.refuses = False
        """A fault: every command to this station is answered by ``?``."""
        self.disturbances: list[Disturbance] = []
        """Faults of the measuring chain, in order."""
        self._force = force
        self._random = random
        self._buffer = bytearray()
        self._channel = Channel()
        self._next_sample = 0.0
        self._settings = dict(SETTINGS)
        self._readings = self._reading_table()
        self._actions: dict[str, Callable[[], None]] = {
            "RST": self._reset,
            "SNAP": self._snap,
            "RSPT": self._reset_extremes,
            "SCON": lambda: None,
            "SCOF": lambda: None,
            "OPON": lambda: None,
            "OPOF": lambda: None,
        }
        self._sample(0.0)

    @property
    def status(self) -> int:
        """Live flags, as ``STAT`` returns them."""
        status = LOAD_CELL_INTEGRITY if self.broken_wire else 0
        if abs(self._channel.force) > RATED_FORCE:
            status |= ELECTRICAL_OVER_RANGE | SYSTEM_OVER_RANGE
        return status | (OLD_VALUE if self._channel.old else 0)

    def receive(self, data: bytes, now: float) -> list[Reply]:
        """Collect bytes up to a carriage return and answer each whole command."""
        self.advance(now)
        self._buffer += data
        *lines, rest = self._buffer.split(b"\r")
        self._buffer = bytearray(rest[-64:])
        answers = (self._answer(bytes(line)) for line in lines)
        return [Reply(answer, float(self._random.uniform(*LATENCY))) for answer in answers if answer]

    def advance(self, now: float) -> list[Reply]:
        """Take a new result when one is due; the instrument never speaks unasked."""
        if now >= self._next_sample and not self.frozen:
            self._next_sample = now + SAMPLE_PERIOD
            self._sample(now)
        return []

    def _reading_table(self) -> dict[str, Callable[[], float]]:
        return {
            "SYS": self._read_main_output,
            "SOUT": lambda: self._main_output,
            "SRAW": lambda: self._channel.force,
            "CELL": lambda: self._channel.force,
            "CRAW": lambda: self._channel.force,
            "MVV": lambda: self._electrical,
            "CMVV": lambda: self._electrical,
            "ELEC": lambda: self._electrical,
            "SYSN": lambda: self._channel.snapshot,
            "PEAK": lambda: self._channel.peak,
            "TROF": lambda: self._channel.trough,
            "TEMP": lambda: 25.0,
            "STAT": lambda: float(self.status),
            "STN": lambda: float(self.station),
            "VER": lambda: 3.01,
            "SERL": lambda: 12345.0,
            "SERH": lambda: 1.0,
        }

    def _answer(self, line: bytes) -> bytes:
        addressed = re.search(rb"!(\d{3}):", line)
        if addressed is None or int(addressed[1]) not in (self.station, 0):
            return b""
        command = None if self.refuses else COMMAND.fullmatch(line, addressed.start())
        answer = b"?\r" if command is None else self._perform(command[2].decode().upper(), (command[3] or b"").decode())
        return answer if int(addressed[1]) else b""

    def _perform(self, name: str, operand: str) -> bytes:
        if operand == "?" and name == "SYS" and self.not_a_number:
            return NOT_A_NUMBER
        if operand == "?" and name in self._readings:
            return self._number(self._readings[name]())
        if operand == "?" and name in self._settings:
            return self._number(self._settings[name])
        if operand.startswith("=") and name in self._settings:
            return self._store(name, operand[1:])
        if not operand and name in self._actions:
            self._actions[name]()
            return b"\r"
        return b"?\r"

    def _store(self, name: str, text: str) -> bytes:
        try:
            self._settings[name] = float(text.replace(" ", ""))
        except ValueError:
            return b"?\r"
        return b"\r"

    def _number(self, value: float) -> bytes:
        before = max(1, min(8, int(self._settings["DPB"])))
        after = max(0, min(7, int(self._settings["DP"])))
        largest = 10.0**before - 10.0**-after
        return f"{max(-largest, min(largest, value)):+0{before + after + 2}.{after}f}\r".encode()

    @property
    def _main_output(self) -> float:
        return self._channel.force - self._settings["SZ"]

    @property
    def _electrical(self) -> float:
        return self._channel.force / RATED_FORCE * SENSITIVITY

    def _read_main_output(self) -> float:
        self._channel.old = True
        return self._main_output

    def _sample(self, now: float) -> None:
        channel = self._channel
        channel.force = self._force() + NOISE * float(self._random.standard_normal())
        for disturbance in self.disturbances:
            channel.force = disturbance(channel.force, now)
        channel.peak = max(channel.peak, self._main_output)
        channel.trough = min(channel.trough, self._main_output)
        channel.old = False

    def _snap(self) -> None:
        self._channel.snapshot = self._main_output

    def _reset_extremes(self) -> None:
        self._channel.peak = self._channel.trough = self._main_output

    def _reset(self) -> None:
        self._settings["FLAG"] = float(REBOOT)
        self._reset_extremes()
