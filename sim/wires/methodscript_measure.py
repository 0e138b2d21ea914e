"""Measurement loops: how long each point takes, what is set before it and measured behind it."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from operando.sim.wires.methodscript_packet import Variable
from operando.sim.wires.methodscript_parser import ScriptError, Statement
from operando.sim.wires.methodscript_variables import OUT_OF_BOUNDS, Variables
from operando.sim.wires.pgstat import COMPLIANCE, GALVANOSTAT, LARGEST_CURRENT, OVERLOAD, PGStat

WRONG_MODE, OPEN_CIRCUIT_NEEDED, NEEDS_CELL_ON = 0x0023, 0x0014, 0x4027

POTENTIOSTAT = (2, 3, 4)
"""Modes in which a voltage is set."""

POTENTIAL_RANGE = "205"
"""Range field of a measured potential."""

PERIODS, SHORTEST_POINT = 3.0, 0.02
"""Of the modulation for one point of a spectrum, one of them to settle; and the s it takes at least."""

SINGLE_ROUNDING = 1e-6
"""By which a number of 32 bits may exceed what was written."""

HIGHEST_FREQUENCY = 200e3
"""Hz (EmStat4 HR)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One pass of a measurement loop.

    Parameters
    ----------
    until : float
        s from the begin of the loop, when it is measured.
    value : float
        What is set while it waits, A or V; or the frequency, Hz.
    amplitude : float
        Of the modulation, V or A, rms.
    """

    until: float
    value: float = 0.0
    amplitude: float = 0.0


@dataclass(frozen=True, slots=True)
class Technique:
    """One kind of measurement loop.

    Parameters
    ----------
    number : int
        Behind ``M``.
    modes : tuple of int
        Modes of the potentiostat in which it is possible; none: with the cell off.
    outputs : int
        Variables that are measured; they come first.
    setpoint : int
        Which of the numbers behind them is set before the first point, -1 for the last; they are counted from 0.
    points : callable
        From the numbers to the points; raises ValueError where they make no sense.
    measure : callable
        From what is there and the point to the variables.
    follows : bool
        Whether what is set changes from point to point.
    """

    number: int
    modes: tuple[int, ...]
    outputs: int
    setpoint: int
    points: Callable[[list[float]], Iterator[Point]]
    measure: Callable[[PGStat, Point], tuple[Variable, ...]]
    follows: bool = False

    def begin(self, statement: Statement, variables: Variables, pgstat: PGStat) -> Iterator[Point]:
        """Set what is set, and return the points.

        Raises
        ------
        ScriptError
            It is not possible now, or makes no sense.
        """
        numbers = [variables.number(each) for each in statement.arguments[self.outputs :]]
        if not self.modes:
            if pgstat.connected:
                raise ScriptError(OPEN_CIRCUIT_NEEDED, statement.line)
        elif pgstat.mode not in self.modes:
            raise ScriptError(WRONG_MODE, statement.line)
        elif not pgstat.connected:
            raise ScriptError(NEEDS_CELL_ON, statement.line)
        else:
            impose(pgstat, numbers[self.setpoint], statement.line)
        try:
            points = self.points(numbers)
        except (ValueError, ArithmeticError):
            raise ScriptError(OUT_OF_BOUNDS, statement.line) from None
        pgstat.begin_current()
        return points


def impose(pgstat: PGStat, value: float, line: int) -> None:
    """Set a current or a voltage.

    Raises
    ------
    ScriptError
        It is more than the instrument has.
    """
    largest = LARGEST_CURRENT if pgstat.galvanostatic else COMPLIANCE
    if not abs(value) <= largest * (1.0 + SINGLE_ROUNDING):
        raise ScriptError(OUT_OF_BOUNDS, line)
    pgstat.set(value)


def _regular(numbers: list[float]) -> Iterator[Point]:
    """Points at equal distances in time; the last two numbers are interval and run time."""
    interval, duration = numbers[-2:]
    if not (interval > 0.0 and math.isfinite(duration / interval)):
        raise ValueError
    return (Point(index * interval, numbers[0]) for index in range(1, max(1, round(duration / interval)) + 1))


def _sweep(numbers: list[float]) -> Iterator[Point]:
    """Go from begin to end by steps of equal height, at a constant rate."""
    begin, end, height, rate = numbers
    if not (height > 0.0 and rate > 0.0 and abs(end) <= COMPLIANCE * (1.0 + SINGLE_ROUNDING)):
        raise ValueError
    steps = math.floor(abs(end - begin) / height * (1.0 + 1e-6))
    height, interval = math.copysign(height, end - begin), height / rate
    return (Point((index + 1) * interval, begin + index * height) for index in range(steps + 1))


def _spectrum(numbers: list[float]) -> Iterator[Point]:
    """Frequencies at equal distances of the logarithm, both ends included."""
    amplitude, first, last, count, _ = numbers
    points = round(count)
    if not (
        amplitude > 0.0
        and 0.0 < min(first, last)
        and max(first, last) <= HIGHEST_FREQUENCY * (1.0 + SINGLE_ROUNDING)
        and points >= 1
    ):
        raise ValueError
    ratio = (last / first) ** (1.0 / max(1, points - 1))
    return _timed((first * ratio**index for index in range(points)), amplitude)


def _timed(frequencies: Iterator[float], amplitude: float) -> Iterator[Point]:
    until = 0.0
    for frequency in frequencies:
        until += max(PERIODS / frequency, SHORTEST_POINT)
        yield Point(until, frequency, amplitude)


def _status(pgstat: PGStat) -> str:
    return f",1{pgstat.status:X}"


def _measured_potential(pgstat: PGStat) -> Variable:
    return Variable(pgstat.potential(), "ab", fields=f"{_status(pgstat)},{POTENTIAL_RANGE}")


def _measured_current(pgstat: PGStat) -> Variable:
    ampere = pgstat.current()
    return Variable(ampere, "ba", fields=f"{_status(pgstat)},2{pgstat.range:02X}")


def _both(pgstat: PGStat, point: Point) -> tuple[Variable, ...]:
    return _measured_potential(pgstat), _measured_current(pgstat)


def _potential_alone(pgstat: PGStat, point: Point) -> tuple[Variable, ...]:
    return (_measured_potential(pgstat),)


def _current_at_set_potential(pgstat: PGStat, point: Point) -> tuple[Variable, ...]:
    """Measure the current; the potential is what was set, and its type says so."""
    return Variable(point.value, "da"), _measured_current(pgstat)


def _impedance(pgstat: PGStat, point: Point) -> tuple[Variable, ...]:
    ohms = pgstat.impedance(point.value)
    status = f",1{pgstat.status | (OVERLOAD if pgstat.swings_too_far(point.amplitude, abs(ohms)) else 0):X}"
    parts = (("cc", ohms.real), ("cd", ohms.imag))
    return Variable(point.value, "dc"), *(Variable(part, kind, fields=status) for kind, part in parts)


TECHNIQUES = {
    "meas_loop_ca": Technique(0x0007, POTENTIOSTAT, 2, 0, _regular, _current_at_set_potential),
    "meas_loop_cp": Technique(0x000A, (GALVANOSTAT,), 2, 0, _regular, _both),
    "meas_loop_ocp": Technique(0x000B, (), 1, 0, _regular, _potential_alone),
    "meas_loop_lsv": Technique(0x0000, POTENTIOSTAT, 2, 0, _sweep, _current_at_set_potential, follows=True),
    "meas_loop_eis": Technique(0x000D, POTENTIOSTAT, 3, -1, _spectrum, _impedance),
    "meas_loop_geis": Technique(0x000E, (GALVANOSTAT,), 3, -1, _spectrum, _impedance),
}
"""By the command."""

SINGLE_MEASUREMENTS = {"ab": _measured_potential, "ba": _measured_current}
"""What ``meas`` can measure, by its kind."""
