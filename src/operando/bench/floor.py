"""The floor: what linear control with full knowledge of plant and disturbance reaches at the same rate and delay.

A steady-state Kalman filter and a linear-quadratic regulator without a price on the drive (LQG), on a plant that is as
linear as its model: no hysteresis, no creep; amplifier lag, slope, delay and noise of the load cell known. Known of the
disturbance are the rms and the correlation time of the draughts, and how much the rate of the push wanders.
"""

import math

import numpy as np
from scipy.linalg import solve_discrete_are

from operando.bench.physics import INSTANT, INSTANTS, SLEW, SMALL_MOVES, Array
from operando.bench.plant import AREA, DELAY, DRIVE, PERIOD, PRESSURE, PRESSURE_PER_MICROMETRE
from operando.sim.cell.amplifier import TIME_CONSTANT
from operando.sim.cell.frame import THERMAL_EXPANSION
from operando.sim.cell.furnace import Wander
from operando.sim.wires.dscusb import NOISE

OUTPUT, DRAUGHT, PUSH, RATE, PAST = range(5)
"""V from the start, MPa, MPa, MPa/s; then the pressures of the last instants, newest first, MPa."""
SIZE = PAST + DELAY + 1
DRAUGHT_RMS = PRESSURE_PER_MICROMETRE * THERMAL_EXPANSION * Wander.RMS
"""MPa."""
SLOPE = SMALL_MOVES * PRESSURE_PER_MICROMETRE
"""MPa/V."""
FORGETTING = 1e-7
"""Of push and rate in an instant: a Riccati equation wants every mode that no drive moves to die out."""


class Floor:
    """LQG in steady state.

    Parameters
    ----------
    wander : float
        MPa/s in a root second, by which the rate of the push changes.
    """

    def __init__(self, wander: float) -> None:
        move, push, stir = _instant(wander)
        moves, pushes, spread = [move], [push], stir
        for _ in range(INSTANTS - 1):
            spread = move @ spread @ move.T + stir
            pushes.append(move @ pushes[-1] + push)
            moves.append(move @ moves[-1])
        self._move, self._push = moves[-1], pushes[-1][:, 0]
        self._gain = _filter(self._move, spread)
        self._law = _regulator(moves, pushes)
        self._state = np.zeros(SIZE)
        self._drive = DRIVE

    def answer(self, reading: float, setpoint: float) -> float:
        """Return the drive (V) to a reading and a setpoint (MPa)."""
        state = self._state
        state = state + self._gain * (reading - PRESSURE - state[-1])
        wanted = -float(self._law @ state) + float(self._law[PUSH]) * (setpoint - PRESSURE)
        reach = SLEW * PERIOD
        self._drive += min(max(DRIVE + wanted - self._drive, -reach), reach)
        self._state = self._move @ state + self._push * (self._drive - DRIVE)
        return self._drive


def _instant(wander: float) -> tuple[Array, Array, Array]:
    """Return how the state moves in an instant, by itself and by the drive, and how it is stirred."""
    kept, lag = math.exp(-INSTANT / Wander.TIME), math.exp(-INSTANT / TIME_CONSTANT)
    move, push, stir = np.zeros((SIZE, SIZE)), np.zeros((SIZE, 1)), np.zeros((SIZE, 2))
    move[OUTPUT, OUTPUT], push[OUTPUT] = lag, 1 - lag
    move[DRAUGHT, DRAUGHT] = kept
    move[PUSH, PUSH] = move[RATE, RATE] = 1 - FORGETTING
    move[PUSH, RATE] = INSTANT
    stir[DRAUGHT, 0] = DRAUGHT_RMS * math.sqrt(1 - kept**2)
    stir[RATE, 1] = wander * math.sqrt(INSTANT)
    for matrix in (move, push, stir):
        matrix[PAST] = SLOPE * matrix[OUTPUT] + matrix[DRAUGHT] + matrix[PUSH]
    for past in range(PAST + 1, SIZE):
        move[past, past - 1] = 1.0
    return move, push, stir @ stir.T


def _filter(move: Array, stir: Array) -> Array:
    """Return the gain of the steady-state Kalman filter for the oldest pressure in the state."""
    sees, noise = np.eye(SIZE)[:, -1:], np.array([[(NOISE / AREA) ** 2]])
    spread = solve_discrete_are(move.T, sees, stir, noise)
    gain: Array = (spread @ sees / (sees.T @ spread @ sees + noise))[:, 0]
    return gain


def _regulator(moves: list[Array], pushes: list[Array]) -> Array:
    """Return the gain of the regulator that keeps the pressure at every instant of a period least in the square."""
    shown = [(move[PAST : PAST + 1], push[PAST : PAST + 1]) for move, push in zip(moves, pushes, strict=True)]
    states = np.sum([move.T @ move for move, _ in shown], axis=0)
    drive = np.sum([push.T @ push for _, push in shown], axis=0)
    both: Array = np.sum([move.T @ push for move, push in shown], axis=0)
    future = solve_discrete_are(moves[-1], pushes[-1], states, drive, s=both)
    push, move = pushes[-1], moves[-1]
    gain: Array = np.linalg.solve(drive + push.T @ future @ push, push.T @ future @ move + both.T)[0]
    return gain
