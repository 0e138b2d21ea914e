"""Keithley 2400 SourceMeter on RS-232.

Series 2400 SourceMeter User's Manual (2400S-900-01), sections 14 (remote operation) and 18 (SCPI). A source of current
or of voltage, each with the other as compliance, in all four quadrants. Nothing in it watches the host: what it was
told to give it gives for ever. With the output off in the mode NORMal it holds 0 V across what is connected; only
HIMPedance opens the relay.
"""

import re
from collections.abc import Iterable

import numpy as np

from operando.sim.wires.drifting_clock import DriftingClock
from operando.sim.wires.instrument import Reply
from operando.sim.wires.limited_source import Cell, LimitedSource
from operando.sim.wires.scpi import ILLEGAL_PARAMETER, OUT_OF_RANGE, Commands, Handler, Refused, number, switch

LARGEST = {"CURR": 1.05, "VOLT": 210.0}
"""A and V."""

DEFAULTS = {"CURR:PROT": 105e-6, "VOLT:PROT": 21.0, "NPLC": 1.0}
"""After ``*RST``: compliance in A and V, line periods a reading is integrated over."""

FULL_SCALES = {"CURR": (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0), "VOLT": (0.2, 2.0, 20.0, 200.0)}

OFF_SHARE = 0.005
"""Of the current range, compliance while the output is off in the mode NORMal."""

NOISE = {"VOLT": 50e-6, "CURR": 2e-5}
"""V rms; of the current's range, rms."""

LINE_PERIOD, OVERHEAD = 0.02, 0.008
"""s at 50 Hz; s of a reading beside its integration."""

NOT_A_NUMBER = 9.91e37

NOT_WITH_OUTPUT_OFF = 803

IN_COMPLIANCE, VOLTAGE_MEASURED, CURRENT_MEASURED = 1 << 3, 1 << 11, 1 << 12
VOLTAGE_SOURCED, CURRENT_SOURCED, FOUR_WIRES = 1 << 14, 1 << 15, 1 << 22
"""Bits of the status element of a reading."""

ELEMENTS = ("VOLT", "CURR", "RES", "TIME", "STAT")

FUNCTIONS = ("CURR", "VOLT")

OFF_MODES = ("HIMP", "NORM", "ZERO", "GUAR")

SHORT_FORMS = {
    "CURRENT": "CURR", "VOLTAGE": "VOLT", "RESISTANCE": "RES", "STATUS": "STAT", "HIMPEDANCE": "HIMP",
    "NORMAL": "NORM", "GUARD": "GUAR",
}  # fmt: skip

IGNORED = (
    ":SOURce[1]:CURRent:MODE", ":SOURce[1]:VOLTage:MODE", ":SOURce[1]:CURRent:RANGe", ":SOURce[1]:VOLTage:RANGe",
    ":SOURce[1]:CURRent:RANGe:AUTO", ":SOURce[1]:VOLTage:RANGe:AUTO", ":SOURce[1]:DELay", ":SOURce[1]:DELay:AUTO",
    ":SOURce[1]:CLEar:AUTO", ":SENSe[1]:CURRent[:DC]:RANGe[:UPPer]", ":SENSe[1]:VOLTage[:DC]:RANGe[:UPPer]",
    ":SENSe[1]:CURRent[:DC]:RANGe:AUTO", ":SENSe[1]:VOLTage[:DC]:RANGe:AUTO", ":SENSe[1]:AVERage[:STATe]",
    ":SENSe[1]:AVERage:COUNt", ":SYSTem:AZERo[:STATe]", ":SYSTem:BEEPer[:STATe]", ":SYSTem:LOCal", ":SYSTem:REMote",
    ":SYSTem:RWLock", ":DISPlay:ENABle", ":DISPlay:DIGits",
    ":DISPlay[:WINDow[1]]:TEXT:DATA", ":DISPlay:WIND2:TEXT:DATA", ":DISPlay[:WINDow[1]]:TEXT:STATe",
    ":DISPlay:WIND2:TEXT:STATe", ":TRIGger:COUNt", ":TRIGger:DELay", ":ARM:COUNt",
    ":ROUTe:TERMinals", ":FORMat[:DATA]", ":STATus:PRESet", ":*CLS", ":*WAI", ":*ESE", ":*SRE",
)  # fmt: skip
"""Settings that change nothing here; they are kept and told."""


class Keithley2400:
    """An instrument on a cell.

    Parameters
    ----------
    cell : Cell
        Between its leads.
    random : numpy.random.Generator
        Of measurement noise.
    name : str
        Its role, and the name of its link.
    clock_error : float
        By how much its clock is fast: s in a s.
    """

    baudrate = 9600

    def __init__(
        self, cell: Cell, random: np.random.Generator, name: str = "potentiostat", clock_error: float = 0.0
    ) -> None:
        self.name = name
        self.refuses = False
        """A fault: every command is refused."""
        self.overloaded = False
        """A fault: every reading says compliance."""
        self.clock = DriftingClock(clock_error)
        """By which it stamps its readings."""
        self._cell = cell
        self._source = LimitedSource(cell)
        self._random = random
        self._lead_off = False
        self._buffer = b""
        self._now = 0.0
        self._delay = 0.0
        self._commands = Commands(self._table())
        self._reset()
        self._off = "HIMP"  # as a careful person has left it; `*RST` and a power cycle are not careful
        self._drive()

    @property
    def due(self) -> float:
        """When it next does something by itself: never."""
        return float("inf")

    @property
    def connected(self) -> bool:
        """Whether the output is on."""
        return self._output

    @property
    def lead_off(self) -> bool:
        """A fault: a lead has come off the cell."""
        return self._lead_off

    @lead_off.setter
    def lead_off(self, off: bool) -> None:
        self._lead_off = off
        self._drive()

    def receive(self, data: bytes, now: float) -> list[Reply]:
        """Take whole lines, which end in CR or LF; ^C and ^X clear what is there."""
        self.advance(now)
        *lines, self._buffer = re.split(rb"[\r\n]", re.split(rb"[\x03\x18]", self._buffer + data)[-1])
        replies = []
        for line in filter(None, lines):
            self._delay = 0.002
            if self.refuses:
                self._commands.report(-113)
                continue
            answer = self._commands.execute(line.decode("ascii", "replace"))
            if answer:
                replies.append(Reply(answer.encode() + b"\r", self._delay))
        return replies

    def advance(self, now: float) -> list[Reply]:
        """Let time pass; it says nothing of its own accord."""
        self.regulate(now)
        return []

    def regulate(self, now: float) -> None:
        """Let its source follow the cell."""
        self._now = now
        self._source.regulate()

    def cycle_power(self) -> None:
        """Switch it off and on: settings as after ``*RST``, the output off."""
        self._buffer = b""
        self._commands.clear()
        self._reset()

    def _table(self) -> dict[str, Handler]:
        return {
            ":*IDN": lambda parameters, query: (
                "KEITHLEY INSTRUMENTS INC.,MODEL 2400,1254093,C32   Oct  4 2010 14:20:11"
            ),
            ":*RST": lambda parameters, query: self._reset(),
            ":*OPC": lambda parameters, query: "1" if query else None,
            ":SYSTem:ERRor[:NEXT]": lambda parameters, query: self._commands.next_error(),
            ":SYSTem:TIME": lambda parameters, query: f"{self._time():.6E}",
            ":SYSTem:TIME:RESet": lambda parameters, query: self._reset_time(),
            ":SYSTem:RSENse": self._switched("four_wires"),
            ":SENSe[1]:FUNCtion:CONCurrent": self._switched("concurrent"),
            ":SOURce[1]:FUNCtion[:MODE]": self._source_function,
            ":SOURce[1]:CURRent[:LEVel][:IMMediate][:AMPLitude]": self._numeric("CURR", LARGEST["CURR"]),
            ":SOURce[1]:VOLTage[:LEVel][:IMMediate][:AMPLitude]": self._numeric("VOLT", LARGEST["VOLT"]),
            ":SENSe[1]:CURRent[:DC]:PROTection[:LEVel]": self._numeric("CURR:PROT", LARGEST["CURR"]),
            ":SENSe[1]:VOLTage[:DC]:PROTection[:LEVel]": self._numeric("VOLT:PROT", LARGEST["VOLT"]),
            ":SENSe[1]:CURRent[:DC]:PROTection:TRIPped": lambda parameters, query: self._tripped("VOLT"),
            ":SENSe[1]:VOLTage[:DC]:PROTection:TRIPped": lambda parameters, query: self._tripped("CURR"),
            ":SENSe[1]:CURRent[:DC]:NPLCycles": self._numeric("NPLC", 10.0),
            ":SENSe[1]:VOLTage[:DC]:NPLCycles": self._numeric("NPLC", 10.0),
            ":SENSe[1]:FUNCtion[:ON]": self._sense_functions,
            ":OUTPut[1][:STATe]": self._switch_output,
            ":OUTPut[1]:SMODe": self._off_mode,
            ":FORMat:ELEMents[:SENSe[1]]": self._choose_elements,
            ":READ": lambda parameters, query: self._read(),
        } | {header: self._kept(header) for header in IGNORED}

    def _reset(self) -> None:
        self._numbers = DEFAULTS | {"CURR": 0.0, "VOLT": 0.0}
        self._switches = {"four_wires": False, "concurrent": True}
        self._texts: dict[str, str] = {}
        self._sourced = "VOLT"
        self._sensed: tuple[str, ...] = ("CURR",)
        self._elements: tuple[str, ...] = ELEMENTS
        self._off = "NORM"
        self._output = False
        self._zero = self.clock.local(self._now)
        self._drive()

    def _drive(self) -> None:
        current = self._sourced == "CURR"
        if self._lead_off:
            self._source.open()
        elif self._output:
            self._source.drive(current, self._numbers[self._sourced], self._compliance)
        elif self._off == "HIMP":
            self._source.open()
        elif self._off == "GUAR":
            self._source.drive(True, 0.0, self._numbers["VOLT:PROT"])
        else:
            self._source.drive(False, 0.0, self._off_current)

    @property
    def _compliance(self) -> float:
        return self._numbers["VOLT:PROT" if self._sourced == "CURR" else "CURR:PROT"]

    @property
    def _off_current(self) -> float:
        limit = self._numbers["CURR:PROT"]
        return OFF_SHARE * _full_scale("CURR", limit) if self._off == "NORM" else limit

    def _source_function(self, parameters: str, query: bool) -> str | None:
        if query:
            return self._sourced
        self._sourced = _name(parameters, FUNCTIONS)
        self._output = False  # another function switches the output off
        self._drive()
        return None

    def _sense_functions(self, parameters: str, query: bool) -> str | None:
        if query:
            return ",".join(f'"{name}:DC"' for name in self._sensed)
        names = [_name(part.strip("\"' ").partition(":")[0], FUNCTIONS) for part in parameters.split(",")]
        self._sensed = tuple(dict.fromkeys([*self._sensed, *names])) if self._switches["concurrent"] else (names[-1],)
        return None

    def _switch_output(self, parameters: str, query: bool) -> str | None:
        if query:
            return str(int(self._output))
        self._output = switch(parameters)
        self._drive()
        return None

    def _off_mode(self, parameters: str, query: bool) -> str | None:
        if query:
            return self._off
        self._off = _name(parameters, OFF_MODES)
        self._drive()
        return None

    def _choose_elements(self, parameters: str, query: bool) -> str | None:
        if query:
            return ",".join(self._elements)
        wanted = [_name(part, ELEMENTS) for part in parameters.split(",")]
        self._elements = tuple(each for each in ELEMENTS if each in wanted)
        return None

    def _switched(self, key: str) -> Handler:
        def handle(parameters: str, query: bool) -> str | None:
            if query:
                return str(int(self._switches[key]))
            self._switches[key] = switch(parameters)
            return None

        return handle

    def _numeric(self, key: str, largest: float) -> Handler:
        def handle(parameters: str, query: bool) -> str | None:
            if query:
                return f"{self._numbers[key]:.6E}"
            value = number(parameters)
            lowest = 0.0 if ":" in key or key == "NPLC" else -largest
            if not lowest <= value <= largest:
                raise Refused(OUT_OF_RANGE)
            self._numbers[key] = value
            self._drive()
            return None

        return handle

    def _kept(self, header: str) -> Handler:
        def handle(parameters: str, query: bool) -> str | None:
            if query:
                return self._texts.get(header, "0")
            self._texts[header] = parameters.upper()
            return None

        return handle

    def _tripped(self, sourced: str) -> str:
        return str(int(self._sourced == sourced and self._in_compliance))

    @property
    def _in_compliance(self) -> bool:
        off = self._lead_off and self._output and self._sourced == "CURR" and self._numbers["CURR"] != 0.0
        return self.overloaded or self._source.limited or off

    def _read(self) -> str:
        """Measure, once; it takes its time before the answer leaves."""
        if not self._output:
            raise Refused(NOT_WITH_OUTPUT_OFF)
        self._delay = OVERHEAD + self._numbers["NPLC"] * LINE_PERIOD * max(1, len(self._sensed))
        status = VOLTAGE_SOURCED if self._sourced == "VOLT" else CURRENT_SOURCED
        status |= (VOLTAGE_MEASURED if "VOLT" in self._sensed else 0) | (
            CURRENT_MEASURED if "CURR" in self._sensed else 0
        )
        status |= (IN_COMPLIANCE if self._in_compliance else 0) | (FOUR_WIRES if self._switches["four_wires"] else 0)
        values = {
            "VOLT": self._element("VOLT"),
            "CURR": self._element("CURR"),
            "RES": NOT_A_NUMBER,
            "TIME": self._time(),
            "STAT": float(status),
        }
        return ",".join(f"{values[each]:+.6E}" for each in self._elements)

    def _element(self, name: str) -> float:
        """Return what is measured; else what is sourced, else no number."""
        if name not in self._sensed:
            return self._numbers[name] if name == self._sourced else NOT_A_NUMBER
        noise = NOISE[name] * float(self._random.standard_normal())
        if name == "CURR":
            return self._cell.current + noise * _full_scale("CURR", max(abs(self._cell.current), 1e-6))
        if self._lead_off:
            return float(np.copysign(self._compliance, self._numbers["CURR"])) if self._sourced == "CURR" else noise
        return self._cell.voltage + noise

    def _time(self) -> float:
        return self.clock.local(self._now) - self._zero

    def _reset_time(self) -> None:
        self._zero = self.clock.local(self._now)


def _full_scale(name: str, value: float) -> float:
    """Return the full scale of the smallest range that holds a value."""
    return min((each for each in FULL_SCALES[name] if each * 1.05 >= value), default=FULL_SCALES[name][-1])


def _name(text: str, allowed: Iterable[str]) -> str:
    """Return the short form of one of some words."""
    short = SHORT_FORMS.get(text.strip().upper(), text.strip().upper())
    if short not in allowed:
        raise Refused(ILLEGAL_PARAMETER)
    return short
