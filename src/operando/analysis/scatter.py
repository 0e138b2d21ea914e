"""Sums over bins in one pass over the pixels, in the order of the memory: kernels that hold no lock of Python's.

A frame is read once. Beside each pixel stand its first bin and the shares of that bin and the next; both sums (signal
and variance) of both bins are one vector of four doubles, so a pixel costs one load, one addition and one store. That
vector is written out here as LLVM's: numba leaves it as four scalars (1.7 times slower). Nothing is reordered or
contracted: the same frame gives the same bits on every processor.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from operando.analysis.compiled import compiled

_FLOAT, _DOUBLE = ir.FloatType(), ir.DoubleType()
_LANE, _PAIR, _FOUR = ir.IntType(32), ir.VectorType(ir.DoubleType(), 2), ir.VectorType(ir.DoubleType(), 4)


def _add(_: Any, sums: Any, row: Any, signal: Any, variance: Any, shares: Any, index: Any) -> Any:
    """Add to ``sums[row]``: signal times both ``shares[index]``, variance times their squares."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, row, signal, variance, shares, index = arguments
        place = _address(context, builder, signature.args[0], sums, row, 4, _FOUR)
        share = builder.load(_address(context, builder, signature.args[4], shares, index, 2, ir.VectorType(_FLOAT, 2)))
        share.align = 4
        share = builder.fpext(share, _PAIR)
        signals = builder.fmul(_twice(builder, signal), share)
        variances = builder.fmul(_twice(builder, variance), builder.fmul(share, share))
        before = builder.load(place)
        before.align = 8
        after = builder.fadd(before, builder.shuffle_vector(signals, variances, _lanes(0, 1, 2, 3)))
        builder.store(after, place).align = 8
        return context.get_dummy_value()

    return types.void(sums, row, signal, variance, shares, index), write


def _add_whole(_: Any, sums: Any, half: Any, signal: Any, variance: Any) -> Any:
    """Add signal and variance to half a row of ``sums``."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums, half, signal, variance = arguments
        place = _address(context, builder, signature.args[0], sums, half, 2, _PAIR)
        before = builder.load(place)
        before.align = 8
        both = builder.insert_element(ir.Constant(_PAIR, ir.Undefined), signal, ir.Constant(_LANE, 0))
        both = builder.insert_element(both, variance, ir.Constant(_LANE, 1))
        builder.store(builder.fadd(before, both), place).align = 8
        return context.get_dummy_value()

    return types.void(sums, half, signal, variance), write


def _address(context: Any, builder: Any, kind: Any, array: Any, row: Any, width: int, vector: Any) -> Any:
    """Return where a row of a contiguous array of ``width`` columns begins."""
    data = context.make_array(kind)(context, builder, array).data
    start = builder.gep(data, [builder.mul(row, ir.Constant(row.type, width))])
    return builder.bitcast(start, vector.as_pointer())


def _twice(builder: Any, value: Any) -> Any:
    empty = ir.Constant(_PAIR, ir.Undefined)
    return builder.shuffle_vector(builder.insert_element(empty, value, ir.Constant(_LANE, 0)), empty, _lanes(0, 0))


def _lanes(*lanes: int) -> Any:
    return ir.Constant(ir.VectorType(_LANE, len(lanes)), list(lanes))


add: Any = intrinsic(_add)
add_whole: Any = intrinsic(_add_whole)


def _shared(
    frame: Any, runs: Any, first: Any, shares: Any, low: Any, high: Any, floor: Any, sums: Any, left_out: Any
) -> Any:
    """Sum the pixels of ``runs`` into their first two bins; return how many were left out, listed in ``left_out``."""
    count = 0
    for run in range(runs.shape[0]):
        for pixel in range(runs[run, 0], runs[run, 1]):  # unsigned: a signed index is looked at for being negative
            value = frame[pixel]
            if low is None:
                valid = value < high
            else:
                valid = low <= value < high
            if valid:
                signal = np.float64(value)
                variance = signal if floor is None or signal > floor else floor
                add(sums, np.uint64(first[pixel]), signal, variance, shares, pixel)
            else:
                left_out[count] = pixel
                count += 1
    return count


def _more(
    frame: Any, pixels: Any, first: Any, shares: Any, low: Any, high: Any, floor: Any, sums: Any, left_out: Any
) -> Any:
    """Sum what pixels share with further bins, as `shared` does; ``left_out`` lists entries, not pixels."""
    count = 0
    for entry in range(np.uint64(pixels.size)):
        value = frame[np.uint64(pixels[entry])]
        if low is None:
            valid = value < high
        else:
            valid = low <= value < high
        if valid:
            signal = np.float64(value)
            variance = signal if floor is None or signal > floor else floor
            add(sums, np.uint64(first[entry]), signal, variance, shares, entry)
        else:
            left_out[count] = entry
            count += 1
    return count


def _whole(frame: Any, runs: Any, first: Any, low: Any, high: Any, floor: Any, sums: Any, left_out: Any) -> Any:
    """Sum pixels of one bin each, in parts: signal in four, or, with a floor, signal and variance in two."""
    count = 0
    for run in range(runs.shape[0]):
        for pixel in range(runs[run, 0], runs[run, 1]):
            value = frame[pixel]
            if low is None:
                valid = value < high
            else:
                valid = low <= value < high
            if valid:
                signal = np.float64(value)
                # Neighbours, often in one bin, take turns in the parts of its row and need not wait for each other.
                if floor is None:
                    sums[np.uint64(first[pixel]), pixel & np.uint64(3)] += signal
                else:
                    half = np.uint64(first[pixel]) * np.uint64(2) + (pixel & np.uint64(1))
                    add_whole(sums, half, signal, signal if signal > floor else floor)
            else:
                left_out[count] = pixel
                count += 1
    return count


def _remove(entries: Any, pixels: Any, first: Any, shares: Any, gain: Any, dark: Any, lost: Any) -> None:
    """Sum what left-out entries would have brought: gain, number and dark, a row of ``lost`` a bin."""
    for entry in entries:
        pixel = entry if pixels is None else pixels[entry]
        for neighbour in range(2):
            share = np.float64(shares[entry, neighbour])
            if share != 0.0:
                row = np.int64(first[entry]) + neighbour
                lost[row, 0] += share * gain[pixel]
                lost[row, 1] += 1.0
                lost[row, 2] += share * dark[pixel]


def _remove_whole(entries: Any, first: Any, gain: Any, dark: Any, lost: Any) -> None:
    """Do as `remove` does, for pixels that fall into one bin each."""
    for pixel in entries:
        row = np.int64(first[pixel])
        lost[row, 0] += gain[pixel]
        lost[row, 1] += 1.0
        lost[row, 2] += dark[pixel]


def _divide(
    sums: Any, is_shared: bool, is_signal: bool, expected: Any, lost: Any, scale: float, intensity: Any, sigma: Any
) -> Any:
    """Bring the parts of each bin together, less the dark, over the gain of its valid pixels; return all counts."""
    counts, next_signal, next_variance = 0.0, 0.0, 0.0
    for row in range(sums.shape[0]):
        first, second, third, fourth = sums[row, 0], sums[row, 1], sums[row, 2], sums[row, 3]
        if is_shared:  # what the bin before has in common with this one
            signal, variance = first + next_signal, third + next_variance
            next_signal, next_variance = second, fourth
        elif is_signal:
            signal = first + second + (third + fourth)
            variance = signal
        else:
            signal, variance = first + third, second + fourth
        gain, number, dark = expected[row, 0], expected[row, 1], expected[row, 2]
        if lost is not None:
            gain, number, dark = gain - lost[row, 0], number - lost[row, 1], dark - lost[row, 2]
        counts += signal
        if number > 0.5 and gain > 0.0:
            intensity[row] = (signal - dark) * scale / gain
            sigma[row] = np.sqrt(variance if variance > 0.0 else 1.0) * scale / gain
        else:
            intensity[row] = sigma[row] = 0.0
    return counts


shared = compiled(_shared)
more = compiled(_more)
whole = compiled(_whole)
remove = compiled(_remove)
remove_whole = compiled(_remove_whole)
divide = compiled(_divide)
