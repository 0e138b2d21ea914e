"""The simulator's rig as compiled arithmetic: one period of actuator, guide and frame.

Between two instants all that is linear is solved exactly, and a piezo that follows its amplifier moves one way only, so
rate-independent hysteresis is exact as well.
"""

import math
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from operando.sim.cell import amplifier, frame, guide, hysteresis

Array = NDArray[np.float64]

INSTANT = 0.025
"""s between two instants at which the plant is known."""
INSTANTS = 2
"""In a period of the regulator, 20 Hz."""

PLAYS = np.linspace(0.03, 0.5, 10) * hysteresis.STROKE_VOLTAGE
"""V, of the play operators."""
CREPT = 1 - np.exp(-INSTANT / np.array(hysteresis.Creep.TIME_CONSTANTS))
"""Share of what is left to creep, in an instant."""
SLEW = 100.0
"""V/s, programmed into the amplifier."""


class Hysteresis(IntEnum):
    """How the piezo remembers."""

    NONE = 0
    """Not at all, nor does it creep: small moves, for ever."""
    PLAY = 1
    """Play operators, as in the simulator (Kuhnen, Eur. J. Control 9 (2003) 407)."""
    BOUC_WEN = 2
    """A differential equation (Low and Guo, IEEE Trans. Biomed. Eng. 42 (1995) 961)."""


BOUC_WEN = (0.1, 0.03, 0.023, 0.010)
"""µm/V, µm/V, 1/V, 1/V: 0.07 µm/V after a turn, 0.1 along a long way; a loop of 12 % of the stroke."""

OUTPUT, DEMAND, ANCHOR, MEMORY, PLAY = range(5)
LAG = PLAY + len(PLAYS)
STATES = LAG + len(CREPT)
"""Numbers that make the state of the plant: volts, volts, µm, µm, volts, µm."""


def numbers_of(hysteresis_of: Hysteresis, friction: float) -> Array:
    """Return the plant's numbers; weight and gain of the play operators follow from the loop as in the simulator."""
    weight, gain = _weight_and_gain()
    creep = hysteresis.CREEP_PER_DECADE if hysteresis_of else 0.0
    above, below = frame.PIEZO_STIFFNESS, 1 / (1 / frame.STACK_STIFFNESS + 1 / frame.FRAME_STIFFNESS)
    presliding = guide.PRESLIDING_STIFFNESS if friction else 0.0
    return np.array([float(hysteresis_of), gain, weight, *BOUC_WEN, above, below, presliding, friction, creep])


def _weight_and_gain() -> tuple[float, float]:
    stroke = hysteresis.STROKE_VOLTAGE
    spans = stroke - 2.0 * PLAYS
    span, width = float(spans.mean()), float(np.minimum(2.0 * PLAYS, spans).mean())
    weight = hysteresis.HYSTERESIS * stroke / (width - hysteresis.HYSTERESIS * span)
    return weight, hysteresis.STROKE / (stroke + weight * span)


SMALL_MOVES = _weight_and_gain()[1]
"""µm/V, right after a turn."""


def _displace(state: Array, numbers: Array, voltage: float, before: float) -> float:
    """Follow the voltage (V) and return the displacement (µm), creep left out."""
    if int(numbers[0]) == Hysteresis.NONE:
        return float(numbers[1] * voltage)
    held = 0.0
    for index in range(len(PLAYS)):
        play = min(max(state[PLAY + index], voltage - PLAYS[index]), voltage + PLAYS[index])
        state[PLAY + index] = play
        held += play
    if int(numbers[0]) == Hysteresis.PLAY:
        return float(numbers[1] * (voltage + numbers[2] * held / len(PLAYS)))
    step = (voltage - before) / 4
    for _ in range(4):
        memory = state[MEMORY]
        state[MEMORY] += numbers[4] * step - numbers[5] * abs(step) * memory - numbers[6] * step * abs(memory)
    return float(numbers[3] * voltage - state[MEMORY])


displace: Callable[..., Any] = njit(_displace)


def _advance(
    state: Array, numbers: Array, drive: float, rest: float, swelling: Array, on_cell: Array, on_load_cell: Array
) -> None:
    """Let a period pass at a drive (V); write the change of both forces (N) at each of its instants."""
    step = (amplifier.HIGH - amplifier.LOW) / 65536
    goal = amplifier.LOW + round((min(max(drive, amplifier.LOW), amplifier.HIGH) - amplifier.LOW) / step) * step
    arrived = 1 - math.exp(-INSTANT / amplifier.TIME_CONSTANT)
    reach = SLEW * INSTANT
    above, below, presliding, friction, creep = numbers[7:12]
    for instant in range(len(swelling)):
        state[DEMAND] += min(max(goal - state[DEMAND], -reach), reach)
        before = state[OUTPUT]
        state[OUTPUT] += (state[DEMAND] - before) * arrived
        moved = displace(state, numbers, state[OUTPUT], before)
        stroke = moved - rest
        for lag in range(len(CREPT)):
            state[LAG + lag] += (creep * moved - state[LAG + lag]) * CREPT[lag]
            stroke += state[LAG + lag]
        push = above * stroke - below * swelling[instant]
        piston = (push + presliding * state[ANCHOR]) / (above + below + presliding)
        holding = presliding * (piston - state[ANCHOR])
        if abs(holding) > friction:
            holding = guide.SLIDING_SHARE * math.copysign(friction, holding)
            piston = (push - holding) / (above + below)
            state[ANCHOR] = piston - holding / presliding if presliding else piston
        on_load_cell[instant] = above * (stroke - piston)
        on_cell[instant] = below * (piston + swelling[instant])


advance: Callable[..., Any] = njit(_advance)
