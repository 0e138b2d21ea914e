"""piezosystem jena NV200/D, a piezo amplifier, in open loop: the host regulates, the amplifier holds a voltage.

Sources: NV 200/D NET manual, pages 17, 18, 21; nv200-python-lib (github.com/piezosystemjena/nv200-python-lib). 115200
8N1. A query is the bare name of a parameter; its reply echoes the name and ends at XON (0x11). A write may be
answered by nothing at all, so an ``error,N`` that is found with a later reply is the error of that earlier write.
"""

import math
import re
from collections.abc import Callable

from operando.errors import BadReply, InstrumentRefused, NoReply
from operando.instruments.conversation import Conversation
from operando.instruments.line import Line
from operando.instruments.roles import AmplifierStatus

BAUDRATE = 115200
XON = b"\x11"
NOISE = b"\x11\x13\x00\x01\r\n "  # flow control, padding and line ends around a reply
REPLY_TIME = 0.2  # s; the vendor's library allows 0.6 s, which would be 12 steps of a 20 Hz regulator
ACKNOWLEDGEMENT_TIME = 0.02  # s
SENSOR = 0b110  # of stat: strain gauge or capacitive sensor
SAME_RATE = 0.05  # relative; the amplifier keeps its slew rate as a short decimal number
SLACK = 1.0  # V; a drive further outside the amplifier's own range is a damaged reply, which has no checksum
ERRORS = {
    1: "unspecified",
    2: "unknown command",
    3: "parameter missing",
    4: "admissible parameter range exceeded",
    5: "too many parameters",
    6: "parameter locked or read only",
    7: "underload",
    8: "overload",
    9: "parameter too low",
    10: "parameter too high",
}
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
CHECKED = {
    "cl": "the amplifier's own position loop is on (cl = 1); the host can only regulate in open loop",
    "modsrc": "the drive is not taken from this line (modsrc); set modsrc to 0",
    "fenable": "the amplifier cycles the whole voltage range at power-up (fenable = 1); set fenable to 0",
}
"""Parameters that must be 0 before a loaded stack is regulated, and why."""


class NV200:
    """A piezo amplifier in open loop.

    Parameters
    ----------
    line : Line
        To the instrument.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._conversation = Conversation(line, "NV200")
        self._unanswered = ""  # the write that has not been answered yet, and may never be
        self._acknowledges = True  # until a write was met by silence: then none is waited for again
        self._range = (-math.inf, math.inf)  # V, as `read_range` has found it
        self._slew_rate = math.nan  # %/ms, as `prepare` has set it
        self._measures_volts = False  # until the status says that the actuator has no position sensor

    def prepare(self, slew_limit: float) -> None:
        """Check that the host may drive the amplifier, and set its slew limit; the drive does not move.

        Parameters
        ----------
        slew_limit : float
            V/s.

        Raises
        ------
        InstrumentRefused
            A setting would take the drive out of the host's hands; nothing was changed.
        """
        for name, reason in CHECKED.items():
            if (value := self._query(name)) != 0:
                raise InstrumentRefused(f"NV200: {name} is {value:g}: {reason}; nothing was changed")
        low, high = self.read_range()
        wanted = slew_limit / (high - low) * 100 / 1000  # % of the range per ms
        self._write(f"sr,{wanted:.6f}")
        if not math.isclose(found := self._query("sr"), wanted, rel_tol=SAME_RATE):
            raise InstrumentRefused(f"NV200: slew rate {wanted:g} %/ms was set, {found:g} %/ms is read back")
        self._slew_rate = wanted

    def read_range(self) -> tuple[float, float]:
        """Return the lowest and highest voltage of the amplifier, V."""
        low, high = self._query("avmin"), self._query("avmax")
        if not low < high:
            raise BadReply(f"NV200: avmin {low:g} V is not below avmax {high:g} V")
        self._range = low, high
        return low, high

    def read_drive(self) -> float:
        """Return the voltage that the amplifier says is set, V."""
        low, high = self._range
        return self._query("set", lambda volts: low - SLACK <= volts <= high + SLACK, f"{low:g} to {high:g} V")

    def read_output(self) -> float:
        """Return the voltage at the actuator, V; with a position sensor ``meas`` is a position, and this no number."""
        return self._query("meas") if self._measures_volts else math.nan

    def changed_settings(self) -> str:
        """Return what is no longer as `prepare` left it: a power cycle or somebody at the front panel; or nothing."""
        if (source := self._query("modsrc")) != 0:
            return f"modsrc is {source:g}: {CHECKED['modsrc']}"
        found = self._query("sr")
        if math.isnan(self._slew_rate) or math.isclose(found, self._slew_rate, rel_tol=SAME_RATE):
            return ""
        return f"sr is {found:g} %/ms, {self._slew_rate:g} %/ms was set: the amplifier was switched off, or set by hand"

    def write_drive(self, volts: float) -> None:
        """Set the drive.

        Parameters
        ----------
        volts : float
            V.

        Raises
        ------
        InstrumentRefused
            This write was refused, or an earlier one was and the amplifier says so only now; in the latter case
            this one was not sent.
        """
        if not math.isfinite(volts):
            raise ValueError(f"NV200: a drive of {volts} V was asked for; the drive stays where it is")
        self._write(f"set,{volts:.3f}")

    def read_status(self) -> AmplifierStatus:
        """Return the flags of ``stat``."""
        bits = int(self._query("stat", lambda word: word.is_integer() and 0 <= word < 1 << 16, "a word of 16 bits"))
        self._measures_volts = not bits & SENSOR
        return AmplifierStatus(
            connected=bool(bits & 1 << 0),
            closed_loop=bool(bits & 1 << 3),
            over_temperature=bool(bits & 1 << 10),
            actuator_error=bool(bits & 1 << 11),
            hardware_error=bool(bits & (1 << 12 | 1 << 13)),
            at_low_limit=bool(bits & 1 << 14),
            at_high_limit=bool(bits & 1 << 15),
        )

    def _write(self, command: str) -> None:
        self._take_late_answer()
        self._line.write(command.encode("ascii") + b"\r\n")
        self._unanswered = command
        if not self._acknowledges:
            return
        try:
            reply = self._line.read_until(XON, ACKNOWLEDGEMENT_TIME)
        except NoReply:
            self._acknowledges = False
            return
        self._answered(_lines(reply))

    def _query(self, name: str, possible: Callable[[float], bool] = math.isfinite, wanted: str = "") -> float:
        self._take_late_answer()
        command = name.encode("ascii") + b"\r\n"
        reply = self._conversation.ask(command, XON, REPLY_TIME)
        *before, last = _lines(reply) or [""]
        if self._unanswered and not last.startswith(f"{name},"):
            # the late answer to the write; our own comes behind it
            before, last = [*before, last], self._second_reply(command, [*before, last])
        self._answered(before, name)
        if last.startswith("error"):
            raise _refusal(name, last)
        echo, _, value = last.partition(",")
        if echo != name or NUMBER.fullmatch(value) is None or not possible(float(value)):
            raise self._conversation.misunderstood(command, reply, f"'{name},<number>' {wanted}".rstrip())
        return float(value)

    def _second_reply(self, command: bytes, first: list[str]) -> str:
        try:
            lines = _lines(self._conversation.hear(command, XON, REPLY_TIME))
        except NoReply:
            self._answered(first)
            raise
        return lines[-1] if lines else ""

    def _take_late_answer(self) -> None:
        """Look at what came since the last exchange, before anything new is sent."""
        if self._unanswered and (late := self._line.read_available()):
            self._answered(_lines(late))

    def _answered(self, lines: list[str], asked: str = "") -> None:
        """Close the outstanding write; an error among the lines is its error, else that of what is asked."""
        command, self._unanswered = self._unanswered or asked, ""
        for line in lines:
            if line.startswith("error"):
                raise _refusal(command, line)


def _lines(reply: bytes) -> list[str]:
    parts = re.split(rb"[\r\n\x11]+", reply)
    return [text for part in parts if (text := part.strip(NOISE).decode("latin-1"))]


def _refusal(command: str, line: str) -> InstrumentRefused:
    number = line.partition(",")[2]
    numbered = number.isdecimal() and len(number) < 4
    meaning = ERRORS.get(int(number), "not in the manual") if numbered else "without a number"
    return InstrumentRefused(
        f"NV200: '{command}' was refused with '{line}' ({meaning}); the drive was not changed by it"
    )
