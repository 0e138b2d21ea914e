"""Cycling: half-cycles, capacities, efficiency, dQ/dV and state of charge, from arrays of one cell.

Charge is positive: a current above zero charges the cell, and charge (A h) is its integral.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class HalfCycle:
    """A charge or a discharge: from its first sample with current to its last; rests on the way belong to it.

    Parameters
    ----------
    number : int
        From 1.
    charging : bool
        Else it discharges.
    first, behind : int
        Its samples are ``first`` to ``behind - 1``.
    capacity : float
        A h that passed in its direction; positive.
    """

    number: int
    charging: bool
    first: int
    behind: int
    capacity: float

    @property
    def samples(self) -> slice:
        """Return the place of its samples."""
        return slice(self.first, self.behind)


@dataclass(frozen=True, slots=True)
class IncrementalCapacity:
    """Charge by the voltage at which it passed.

    Parameters
    ----------
    voltage : ndarray
        V, middles of bins, ascending and evenly spaced.
    capacity : ndarray
        A h/V, positive on charge and on discharge; times the bin width it sums up to the charge that was counted.
    """

    voltage: Array
    capacity: Array


@dataclass(frozen=True, slots=True)
class StateOfCharge:
    """How much of its charge a cell holds, and on what that rests.

    Parameters
    ----------
    value : ndarray
        1 when all is charged.
    assumption : str
        In words; belongs beside every such number.
    """

    value: Array
    assumption: str


def passed_charge(time: Array, current: Array, longest_gap: float = math.inf) -> Array:
    """Return the charge (A h) since the first sample, by trapezoids.

    Where an instrument counts for itself, its own count is the better one: it also knows what happens between samples.

    Parameters
    ----------
    time : ndarray
        s, ascending.
    current : ndarray
        A.
    longest_gap : float
        s; over a longer gap between two samples nothing is made up, and the charge stays where it was.
    """
    time, current = np.asarray(time, np.float64), np.asarray(current, np.float64)
    interval = np.diff(time)
    if np.any(interval < 0.0):
        raise ValueError("time goes back; samples must be in order")
    increments = np.where(interval > longest_gap, 0.0, 0.5 * (current[1:] + current[:-1]) * interval)
    return np.concatenate([np.zeros(min(1, len(time))), np.cumsum(increments) / _HOUR])


def half_cycles(charge: Array, current: Array, rest_current: float) -> list[HalfCycle]:
    """Return charges and discharges in order; a half-cycle lasts until current flows the other way.

    Parameters
    ----------
    charge : ndarray
        A h, running.
    current : ndarray
        A, at the same instants.
    rest_current : float
        A; up to this magnitude the cell rests. Above the noise, below the last of a taper.
    """
    direction = _direction(current, rest_current)
    flowing = np.flatnonzero(direction)
    if not len(flowing):
        return []
    turns = np.flatnonzero(np.diff(direction[flowing])) + 1
    found = []
    for number, samples in enumerate(np.split(flowing, turns), start=1):
        first, last = int(samples[0]), int(samples[-1])
        sign = int(direction[first])
        capacity = sign * float(charge[last] - charge[max(first - 1, 0)])
        found.append(HalfCycle(number, sign > 0, first, last + 1, capacity))
    return found


def coulombic_efficiencies(halves: Sequence[HalfCycle]) -> Array:
    """Return for each discharge what it gave back of the charge before it; NaN for every other half-cycle."""
    values = np.full(len(halves), np.nan)
    for index in range(1, len(halves)):
        before, half = halves[index - 1], halves[index]
        if before.charging and not half.charging and before.capacity > 0.0:
            values[index] = half.capacity / before.capacity
    return values


def branch(half: HalfCycle, current: Array, rest_current: float, held: Flags | None = None) -> Flags:
    """Return the samples that dQ/dV is made of: those of one half-cycle, without its rests.

    Parameters
    ----------
    half : HalfCycle
        The branch.
    current : ndarray
        A.
    rest_current : float
        A; up to this magnitude the cell rests.
    held : ndarray of bool, optional
        Where the voltage was held: charge that passes there belongs to no change of voltage.
    """
    counted = np.zeros(len(current), np.bool_)
    counted[half.samples] = _direction(current, rest_current)[half.samples] != 0
    return counted if held is None else counted & ~np.asarray(held, np.bool_)


def incremental_capacity(voltage: Array, charge: Array, counted: Flags, width: float = 0.005) -> IncrementalCapacity:
    """Return dQ/dV of a branch by counting charge into bins of voltage.

    Nothing is differentiated, so noise and plateaus do no harm, and no charge is lost: the increment between two
    samples is spread evenly over the voltages between them. It counts when both of its samples do.

    Parameters
    ----------
    voltage, charge : ndarray
        V and A h, running, at the same instants.
    counted : ndarray of bool
        As `branch` returns it.
    width : float
        V, of a bin; five to ten millivolts suit a cell whose voltage is read to less than one.
    """
    voltage, charge = np.asarray(voltage, np.float64), np.asarray(charge, np.float64)
    both = counted[1:] & counted[:-1]
    low, high = np.sort(np.stack([voltage[:-1][both], voltage[1:][both]]), axis=0)
    increment = np.abs(np.diff(charge)[both])
    if not len(increment):
        return IncrementalCapacity(np.empty(0), np.empty(0))
    edges = np.arange(np.floor(low.min() / width), np.floor(high.max() / width) + 2.0) * width
    span = np.maximum(high - low, 1e-12)
    below = [float(np.sum(increment * np.clip((edge - low) / span, 0.0, 1.0))) for edge in edges]
    return IncrementalCapacity(0.5 * (edges[1:] + edges[:-1]), np.diff(below) / width)


def specific_capacity(charge: Array, active_mass: float) -> Array:
    """Return mA h/g of active material.

    Parameters
    ----------
    charge : ndarray
        A h.
    active_mass : float
        g.
    """
    return np.asarray(charge, np.float64) * 1000.0 / active_mass


def state_of_charge(charge: Array, capacity: float, at_start: float = 0.0) -> StateOfCharge:
    """Return the state of charge.

    Parameters
    ----------
    charge : ndarray
        A h since assembly.
    capacity : float
        A h, that the active material has in theory.
    at_start : float
        As assembled; 0 for a positive electrode full of lithium.
    """
    value = at_start + np.asarray(charge, np.float64) / capacity
    words = f"extracted charge over theoretical capacity ({capacity * 1000.0:.4g} mA h); as assembled = {at_start:g}"
    return StateOfCharge(value, words)


def _direction(current: Array, rest_current: float) -> NDArray[np.int8]:
    current = np.asarray(current, np.float64)
    return np.where(np.abs(current) > rest_current, np.sign(current), 0.0).astype(np.int8)
