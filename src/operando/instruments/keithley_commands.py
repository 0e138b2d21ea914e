"""What is said to a Keithley 2400, and what it answers (Series 2400 SourceMeter User's Manual, 2400S-900-01)."""

import math
import re
from dataclasses import dataclass

from operando.errors import BadReply
from operando.instruments.hosted_drive import Drive
from operando.instruments.hosted_run import HostedRun
from operando.vocabulary import CellProgramme, End, Limit, Position, Rest, Safety

READ = ":READ?"
CLEAR = b"\x03"
"""^C forgets what was begun and what was to be answered (14-14)."""
SET_UP = (
    ":OUTP:SMOD HIMP;:SOUR:CLE:AUTO OFF;:SYST:RSEN ON;:SENS:FUNC:CONC ON;:SENS:FUNC 'VOLT','CURR';:SYST:ERR?",
    ":SENS:CURR:RANG:AUTO ON;:SOUR:VOLT:RANG 20;:SENS:CURR:NPLC 1;:FORM:ELEM VOLT,CURR,TIME,STAT;:SYST:ERR?",
    ":TRIG:COUN 1;:ARM:COUN 1;:DISP:WIND1:TEXT:STAT ON;:DISP:WIND2:TEXT:STAT ON;:SYST:ERR?",
)
"""At a start: four wires, both quantities measured over one period of the mains, one reading at a time."""
NO_ERROR = '0,"No error"'
OFF = ":OUTP:SMOD HIMP;:OUTP OFF;:OUTP?;:OUTP:SMOD?"
"""The mode first: an output that is switched off in the mode NORMal is 0 V across the cell (18-59)."""
IS_OFF = ":OUTP?;:OUTP:SMOD?"
OPEN = "0;HIMP"
ON = ":OUTP ON"
STAMP = ":SYST:TIME?;:SYST:TIME:RES"
"""The timer is set to zero for each step: its answers have seven digits."""
TIMER_TURN = 100_000.0
"""s after which the timer begins anew by itself."""
FOUND = ":OUTP?;:DISP:WIND1:TEXT:DATA?;:DISP:WIND2:TEXT:DATA?"
OPEN_COMPLIANCE = 6.0
"""V, of the source of no current: above any cell, as 3-24 wants it."""
OVERFLOW, LIMITED = 1 << 0, 1 << 3
"""Bits of the status element of a reading: over-range, compliance (18-48)."""
NOT_A_NUMBER = 9.9e37
_NUMBER = r"([+-]?\d+(?:\.\d*)?(?:E[+-]?\d+)?)"
_READING = re.compile(",".join([_NUMBER] * 4), re.IGNORECASE)
_PLACE = re.compile(r"R(\d+) N(\d+) C(\d+)")
UNCERTAIN = " U"
"""Behind a charge that is not all that passed."""
_BEGIN = re.compile(rf"T{_NUMBER} Q{_NUMBER}({UNCERTAIN})?", re.IGNORECASE)
LONGEST_PAUSE = 30 * 86_400.0
"""s."""
PAUSE_INTERVAL = 0.5
"""s between two samples of a pause that was found."""
CLOSE = 1e-4
"""Share by which a setting may be rounded."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer to `READ`.

    Parameters
    ----------
    voltage, current : float
        V and A.
    timer : float
        s since the timer was set to zero.
    flags : int
        The status element.
    """

    voltage: float
    current: float
    timer: float
    flags: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands on the display: where a programme is, so that a restarted host finds it.

    Parameters
    ----------
    run, ordinal : int
        Of the step that runs; the ordinal is 0 in a pause.
    cycle : int
        With which the programme began.
    begun : float
        s of the programme at which the step began, and the timer was set to zero.
    total : float
        A h that was counted before the step.
    uncertain : bool
        More may have passed.
    """

    run: int
    ordinal: int
    cycle: int
    begun: float
    total: float
    uncertain: bool = False

    @classmethod
    def of(cls, run: HostedRun, begun: float) -> "Mark":
        """Return the mark of the step that runs."""
        return cls(run.run, run.ordinal if run.counts else 0, run.first_cycle, begun, run.total, run.uncertain)

    @property
    def position(self) -> Position:
        """What the programme that runs was begun with."""
        return Position(cycle=self.cycle, run=self.run - self.ordinal, passed=self.total)

    def found(self, programme: CellProgramme | None) -> HostedRun | None:
        """Return the run that stands on the display, right before its step; None where its programme is not known."""
        if self.ordinal == 0:
            return pause(PAUSE_INTERVAL, self.position, self.uncertain)
        if programme is None:
            return None
        return HostedRun(programme, self.position, begun=self.ordinal - 1, uncertain=self.uncertain)

    def command(self) -> str:
        """Return what writes it: 20 characters at most above, 32 below (18-46)."""
        above = f"R{self.run} N{self.ordinal} C{self.cycle}"
        below = f"T{self.begun:.2f} Q{self.total:.8E}{UNCERTAIN * self.uncertain}"
        return f':DISP:WIND1:TEXT:DATA "{above:.20}";:DISP:WIND2:TEXT:DATA "{below:.32}";:SYST:ERR?'


def pause(interval: float, at: Position, uncertain: bool = False) -> HostedRun:
    """Return a rest that is no part of a programme, with a sample each ``interval`` s."""
    step = Rest(number=0, name="pause", ends=(End(Limit.TIME, LONGEST_PAUSE),), sample_interval=interval)
    return HostedRun(CellProgramme("pause", (step,), Safety(), "", "", math.nan), at, counts=False, uncertain=uncertain)


def reading(line: str) -> Reading:
    """Return what an answer says.

    Raises
    ------
    BadReply
        It is no reading.
    """
    found = _READING.fullmatch(line.strip())
    if found is None:
        raise BadReply(f"Keithley 2400: {READ!r} was answered {line!r}; four numbers are wanted")
    voltage, current, timer, flags = (float(number) for number in found.groups())
    return Reading(_known(voltage), _known(current), timer, int(flags))


def settings(drive: Drive, before: Drive | None) -> str:
    """Return what makes the instrument give something else.

    Parameters
    ----------
    drive : Drive
        What it is to give.
    before : Drive or None
        What it gives; None where the output is off.
    """
    if drive.voltage is None:
        return f":OUTP OFF;:SOUR:FUNC CURR;:SOUR:CURR 0;:SENS:VOLT:PROT {OPEN_COMPLIANCE:G}"
    volts, ampere = f":SOUR:VOLT {drive.voltage:.6E}", f":SENS:CURR:PROT {drive.current:.6E}"
    if before is None or before.voltage is None:
        return f":OUTP OFF;:SOUR:FUNC VOLT;{ampere};{volts}"
    # at no moment more current than one of the two allows
    return f"{ampere};{volts}" if drive.current < before.current else f"{volts};{ampere}"


def queries(drive: Drive) -> str:
    """Return what asks for the same settings."""
    if drive.voltage is None:
        return ":SOUR:FUNC?;:SOUR:CURR?;:SENS:VOLT:PROT?"
    return ":SOUR:FUNC?;:SOUR:VOLT?;:SENS:CURR:PROT?"


def gives(answers: list[str], drive: Drive) -> bool:
    """Return whether the answers to `queries` are what was set."""
    wanted = ("CURR", 0.0, OPEN_COMPLIANCE) if drive.voltage is None else ("VOLT", drive.voltage, drive.current)
    if len(answers) != len(wanted) or answers[0] != wanted[0]:
        return False
    try:
        found = [float(answer) for answer in answers[1:]]
    except ValueError:
        return False
    return all(math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-12) for a, b in zip(found, wanted[1:], strict=True))


def mark(above: str, below: str) -> Mark | None:
    """Return what stands on the display; None where it is not ours."""
    place, begin = _PLACE.fullmatch(above.strip("\"' ")), _BEGIN.fullmatch(below.strip("\"' "))
    if place is None or begin is None:
        return None
    run, ordinal, cycle = (int(number) for number in place.groups())
    return Mark(run, ordinal, cycle, float(begin[1]), float(begin[2]), bool(begin[3]))


def seconds(answer: str) -> float:
    """Return what the timer says.

    Raises
    ------
    BadReply
        It is no number.
    """
    try:
        return float(answer)
    except ValueError:
        raise BadReply(f"Keithley 2400: the timer was answered {answer!r}; s are wanted") from None


def _known(value: float) -> float:
    return math.nan if abs(value) > NOT_A_NUMBER else value
