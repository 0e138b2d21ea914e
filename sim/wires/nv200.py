"""piezosystem jena NV200/D piezo amplifier, ASCII protocol.

NV 200/D NET manual, pages 17 to 21: ``name⏎`` asks, ``name,value⏎`` sets; a reply echoes the name and ends in CR LF.
XOFF and XON stand around each reply on the line, and the manufacturer's own host (nv200-python-lib) reads up to XON;
a bare carriage return brings the prompt. Errors come as ``error,N``.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from operando.sim.cell.amplifier import HIGH, LEAST_STEP, LOW, SLEW_OFF, Amplifier
from operando.sim.wires.instrument import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

XON, XOFF = b"\x11", b"\x13"

LATENCY = (0.001, 0.003)
"""s."""

NOT_SPECIFIED, UNKNOWN, RANGE_EXCEEDED, TOO_MANY, READ_ONLY = 1, 2, 4, 5, 6
"""Of the manual's error numbers (page 21), those that this amplifier has occasion for."""

ACTUATOR_CONNECTED, CLOSED_LOOP, OVER_TEMPERATURE = 1 << 0, 1 << 3, 1 << 10
LOWER_LIMIT, UPPER_LIMIT = 1 << 14, 1 << 15


class _Refused(Exception):
    """A command that is answered by ``error,N``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True, slots=True)
class Parameter:
    """A setting that only remembers its value.

    Parameters
    ----------
    value, low, high : float
        As delivered, and its admissible range.
    decimals : int
        Digits after the point in a reply.
    """

    value: float
    low: float
    high: float
    decimals: int = 0


PARAMETERS = {
    "cl": Parameter(0, 0, 1),
    "modsrc": Parameter(0, 0, 3),
    "monsrc": Parameter(0, 0, 7),
    "sr": Parameter(SLEW_OFF, 8e-7, SLEW_OFF, 6),
    "kp": Parameter(0.0, 0, 10000, 3),
    "ki": Parameter(50.0, 0, 10000, 3),
    "kd": Parameter(0.0, 0, 10000, 3),
    "lpon": Parameter(0, 0, 1),
    "lpf": Parameter(1000, 1, 10000),
    "notchon": Parameter(0, 0, 1),
    "notchf": Parameter(1000, 1, 10000),
    "notchb": Parameter(100, 1, 10000),
    "sinit": Parameter(0.0, 0, 100, 3),
    "fenable": Parameter(0, 0, 1),
}
"""``cl`` 1: the amplifier's own position loop. ``modsrc`` 0: USB commands. ``sr``: % of the range in a millisecond.
``fenable`` 1: sweep the whole voltage range at power-up. ``sinit``: % of the range, the output at power-up."""

KEPT_WITHOUT_POWER = ("sinit", "fenable")
"""What is about the next power-up."""


class NV200:
    """An amplifier with one actuator that has no position sensor.

    Parameters
    ----------
    amplifier : Amplifier
        The high-voltage side.
    random : numpy.random.Generator
        Of latencies.
    acknowledges : bool
        Whether a write is answered by an empty reply; where it is not, the host must go by its own clock.
    """

    name = "piezo"
    baudrate = 115200

    def __init__(self, amplifier: Amplifier, random: np.random.Generator, acknowledges: bool = True) -> None:
        self.values = {name: parameter.value for name, parameter in PARAMETERS.items()}
        """Present values of `PARAMETERS`."""
        self.over_temperature = False
        """A fault: the heat sink is too hot, and only the status tells it."""
        self.refuses = False
        """A fault: every command is answered by an error."""
        self._amplifier = amplifier
        self._random = random
        self._acknowledges = acknowledges
        self._buffer = bytearray()
        self._answers: dict[str, Callable[[], str]] = {
            "set": lambda: f"{amplifier.setpoint:.3f}",
            "meas": lambda: f"{amplifier.output:.3f}",
            "stat": lambda: str(self.status),
            "temp": lambda: "31.4",
            "avmin": lambda: f"{LOW:.3f}",
            "avmax": lambda: f"{HIGH:.3f}",
            "posmin": lambda: "0.000",
            "posmax": lambda: "15.000",
            "unitol": lambda: "V",
            "unitcl": lambda: "um",
            "acmeasure": lambda: "um",
            "ctrlmode": lambda: "0",
            "desc": lambda: "STACK15",
            "acserno": lambda: "120034",
        }

    @property
    def status(self) -> int:
        """Status register, as ``stat`` returns it."""
        status = ACTUATOR_CONNECTED | (CLOSED_LOOP if self.values["cl"] else 0)
        status |= OVER_TEMPERATURE if self.over_temperature else 0
        if self._amplifier.output <= LOW + LEAST_STEP:
            status |= LOWER_LIMIT
        if self._amplifier.output >= HIGH - LEAST_STEP:
            status |= UPPER_LIMIT
        return status

    def receive(self, data: bytes, now: float) -> list[Reply]:
        """Collect bytes up to a carriage return and answer each whole command; line feeds are ignored."""
        self._buffer += data.replace(b"\n", b"")
        *lines, rest = self._buffer.split(b"\r")
        self._buffer = bytearray(rest[-128:])
        answers = (self._answer(line.decode("ascii", "replace").strip()) for line in lines)
        return [Reply(answer, float(self._random.uniform(*LATENCY))) for answer in answers if answer]

    def advance(self, now: float) -> list[Reply]:
        """Say nothing: an amplifier never speaks unasked."""
        return []

    def cycle_power(self) -> None:
        """Lose power and come back: settings as delivered, the output where ``sinit`` says."""
        for name, parameter in PARAMETERS.items():
            if name not in KEPT_WITHOUT_POWER:
                self.values[name] = parameter.value
        self._amplifier.setpoint = LOW + self.values["sinit"] / 100.0 * (HIGH - LOW)
        self._take_effect()

    def set_by_hand(self, name: str, value: float) -> None:
        """Change one of `PARAMETERS` at the front panel."""
        self.values[name] = value
        self._take_effect()

    def turn_knob(self, volts: float) -> None:
        """Move the drive at the front panel."""
        self._amplifier.setpoint = max(LOW, min(HIGH, self._amplifier.setpoint + volts))

    def _answer(self, line: str) -> bytes:
        name, *values = line.split(",")
        try:
            text = self._perform(name, values)
        except _Refused as refused:
            text = f"error,{refused.number}"
        if text is None:
            return XOFF + XON if self._acknowledges else b""
        return XOFF + text.encode() + b"\r\n" + XON

    def _perform(self, name: str, values: list[str]) -> str | None:
        if self.refuses:
            raise _Refused(NOT_SPECIFIED)
        if not name:
            return "NV200/D_NET>"
        if name not in PARAMETERS and name not in self._answers:
            raise _Refused(UNKNOWN)
        if not values:
            return f"{name},{self._read(name)}"
        if len(values) > 1:
            raise _Refused(TOO_MANY)
        self._write(name, values[0])
        return None

    def _read(self, name: str) -> str:
        if name in PARAMETERS:
            return f"{self.values[name]:.{PARAMETERS[name].decimals}f}"
        return self._answers[name]()

    def _write(self, name: str, text: str) -> None:
        if name != "set" and name not in PARAMETERS:
            raise _Refused(READ_ONLY)
        low, high = (LOW, HIGH) if name == "set" else (PARAMETERS[name].low, PARAMETERS[name].high)
        try:
            value = float(text)
        except ValueError:
            raise _Refused(NOT_SPECIFIED) from None
        if not low <= value <= high:
            raise _Refused(RANGE_EXCEEDED)
        if name == "set":
            self._amplifier.setpoint = value
            return
        self.values[name] = value
        self._take_effect()

    def _take_effect(self) -> None:
        self._amplifier.slew = self.values["sr"]
        self._amplifier.driven = self.values["cl"] == 0 and self.values["modsrc"] == 0
