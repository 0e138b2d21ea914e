"""Sums over bins in one pass over the pixels, in the order of the memory: kernels that hold no lock of Python's.

A frame is read once. Beside each pixel stand its first bin and the shares of that bin and the next; both sums (signal
and variance) of both bins are one vector of four doubles, so a pixel costs one load, one addition and one store. That
vector is written out here as LLVM's: numba leaves it as four scalars (1.7 times slower). Nothing is reordered or
contracted: the same frame gives the same bits on every processor.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

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
                variance = signal if floor is None else max(signal, floor)
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
            variance = signal if floor is None else max(signal, floor)
            add(sums, np.uint64(first[entry]), signal, variance, shares, entry)
        else:
            left_out[count] = entry
            count += 1
    return count


def _whole(frame: Any, runs: Any, first: Any, low: Any, high: Any, floor: Any, sums: Any, left_out: Any) -> Any:
    """Sum pixels that fall into one bin each; without a floor the variance is the signal, a sum in four parts."""
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
                row = np.uint64(first[pixel])
                if floor is None:
                    sums[row, pixel & np.uint64(3)] += signal  # neighbours, often in one bin, need not wait
                else:
                    sums[row, 0] += signal
                    sums[row, 2] += max(signal, floor)
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


shared = njit(nogil=True, cache=True)(_shared)
more = njit(nogil=True, cache=True)(_more)
whole = njit(nogil=True, cache=True)(_whole)
remove = njit(nogil=True, cache=True)(_remove)
remove_whole = njit(nogil=True, cache=True)(_remove_whole)
