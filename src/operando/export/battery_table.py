"""The rows of a Battery Data Format table: samples of the potentiostat, with pressure and temperature beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.errors import RecordError
from operando.export.record import Log, logs, seconds_to_ns, start_ns
from operando.recorder.instants import NS
from operando.vocabulary import of_channel

PASCAL_PER_MEGAPASCAL = 1e6
REACH_S = 2.0
"""s that a sample of pressure or temperature may be away from the row it is interpolated to; or three intervals."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Parameters
    ----------
    label : str
        BDF's preferred label, with the unit.
    values : NDArray[float64]
        One a row; NaN is written as an empty cell.
    form : str
        How a value is written.
    """

    label: str
    values: NDArray[np.float64]
    form: str = ".9g"


@dataclass(frozen=True, slots=True)
class BatteryTable:
    """What became of a file of record.

    Parameters
    ----------
    columns : tuple of Column
        In the order of the table.
    left_out : int
        Samples of the voltage to which no current belongs that can be trusted.
    """

    columns: tuple[Column, ...]
    left_out: int

    def __len__(self) -> int:
        return len(self.columns[0].values)


def battery_table(file: h5py.File, channel: str = "") -> BatteryTable:
    """Return the table of an open file of record.

    Parameters
    ----------
    channel : str
        Of a further cell; empty for the one in the press, which alone has its pressure and temperature.

    Raises
    ------
    RecordError
        It holds no electrochemistry.
    """
    found = _of_one_cell(logs(file), channel)
    missing = [quantity for quantity in ("voltage", "current") if quantity not in found]
    if missing:
        raise RecordError(f"{file.filename}: no {' and no '.join(missing)} in its environment log; bdf needs both")
    voltage, current = found["voltage"], found["current"]
    time, of_voltage, of_current = np.intersect1d(voltage.time, current.time, return_indices=True)
    if not len(time):
        raise RecordError(f"{file.filename}: voltage and current were never sampled at one time; bdf has no row")
    columns = [
        Column("Test Time / s", time, ".6f"),
        Column("Voltage / V", voltage.value[of_voltage]),
        Column("Current / A", current.value[of_current]),
        Column("Unix Time / s", seconds_to_ns(start_ns(file), time) / NS, ".6f"),
        *_counts(found, time),
        *_further(found, time),
    ]
    return BatteryTable(tuple(columns), len(voltage) - len(time))


def _of_one_cell(found: Mapping[str, Log], channel: str) -> dict[str, Log]:
    """Return the logs of one cell by their plain names."""
    if not channel:
        return dict(found)
    suffix = of_channel("", channel)
    return {name.removesuffix(suffix): log for name, log in found.items() if name.endswith(suffix)}


def _counts(found: Mapping[str, Log], time: NDArray[np.float64]) -> Iterator[Column]:
    """Yield cycle and step; BDF counts executions of steps, the programme names a step again in the next cycle."""
    counted = {name: held(found[name], time) for name in ("cycle", "step", "run") if name in found}
    if "cycle" in counted:
        yield Column("Cycle Count / 1", counted["cycle"], ".0f")
    if "run" in counted and np.all(np.diff(counted["run"]) >= 0):
        yield Column("Step Count / 1", counted["run"], ".0f")
    elif "step" in counted:  # a file without runs, or with several programmes
        changed = np.any([np.diff(each, prepend=each[:1]) != 0 for each in counted.values()], axis=0)
        yield Column("Step Count / 1", 1.0 + np.cumsum(changed), ".0f")
    if "step" in counted:
        yield Column("Step ID", counted["step"], ".0f")


def _further(found: Mapping[str, Log], time: NDArray[np.float64]) -> Iterator[Column]:
    """Yield what is there beside the electrochemistry."""
    if "charge" in found:
        yield Column("Net Capacity / Ah", _sampled(found["charge"], time))
    if "step_time" in found:
        yield Column("Step Time / s", _sampled(found["step_time"], time), ".6f")
    if "step_charge" in found:
        yield Column("Step Net Capacity / Ah", _sampled(found["step_charge"], time))
    if "stack_pressure" in found:
        yield Column("Applied Pressure / Pa", between(found["stack_pressure"], time) * PASCAL_PER_MEGAPASCAL)
    if "temperature" in found:
        yield Column("Surface Temperature T1 / degC", between(found["temperature"], time))


def _sampled(log: Log, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the samples of the same instants; NaN where there is none."""
    values = np.full(len(time), np.nan)
    _, rows, samples = np.intersect1d(time, log.time, return_indices=True)
    values[rows] = log.value[samples]
    return values


def held(log: Log, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the last sample before or at each instant; before the first one, that one."""
    return log.value[np.maximum(np.searchsorted(log.time, time, side="right") - 1, 0)]


def between(log: Log, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values between the samples around each instant; NaN where they are too far away."""
    after = np.clip(np.searchsorted(log.time, time), 0, len(log) - 1)
    before = np.clip(np.searchsorted(log.time, time, side="right") - 1, 0, len(log) - 1)
    reach = max(REACH_S, 3 * float(np.median(np.diff(log.time)))) if len(log) > 1 else REACH_S
    far = (np.abs(log.time[after] - time) > reach) | (np.abs(log.time[before] - time) > reach)
    return np.where(far, np.nan, np.interp(time, log.time, log.value))
