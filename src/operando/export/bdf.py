"""Electrochemistry as Battery Data Format, the table of the Battery Data Alliance.

https://github.com/battery-data-alliance/battery-data-format: a CSV file of one cell, each column headed by its
preferred label with a fixed unit. A row is a sample of the potentiostat at its own rate; pressure and temperature,
which other instruments measure at other moments, are interpolated to it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

import operando
from operando.errors import RecordError
from operando.export.record import Log, logs, opened, seconds_to_ns, start_document, start_ns
from operando.export.whole import write_whole
from operando.recorder.instants import NS, iso8601

PASCAL_PER_MEGAPASCAL = 1e6
REACH_S = 2.0
"""s that a sample of pressure or temperature may be away from the row it is interpolated to; or three intervals."""
BLOCK = 50_000
"""Rows formatted at a time."""


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


def export_bdf(path: Path, folder: Path, institution: str | None = None) -> tuple[Path, BatteryTable]:
    """Write a file of record's electrochemistry into a folder; return the CSV file.

    Parameters
    ----------
    institution : str, optional
        Code for the name of the file; by default the name of the endstation.

    Raises
    ------
    RecordError
        The file holds no electrochemistry, the table exists already, or the folder does not take it.
    """
    with opened(path) as file:
        table = battery_table(file)
        document, zero = start_document(file), start_ns(file)
    target = folder / file_name(document, zero, institution)
    if target.exists():
        raise RecordError(f"{target}: exists already and is left as it is; name another folder with --out")
    about = json.dumps(_about(path, document, zero), indent=2, ensure_ascii=False)
    write_whole(target.with_name(target.name + ".metadata.json"), [about, "\n"])
    write_whole(target, _lines(table))
    return target, table


def battery_table(file: h5py.File) -> BatteryTable:
    """Return the table of an open file of record.

    Raises
    ------
    RecordError
        It holds no electrochemistry.
    """
    found = logs(file)
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


def file_name(document: Mapping[str, Any], start: int, institution: str | None = None) -> str:
    """Return the name that BDF recommends: ``InstitutionCode__CellName__YYYYMMDD_XXX.bdf.csv``."""
    code = institution or str(document.get("endstation") or "operando")
    cell = str((document.get("cell") or {}).get("name") or "cell")
    day = datetime.fromtimestamp(start // NS, UTC)
    return f"{_plain(code)}__{_plain(cell)}__{day:%Y%m%d}_{int(document.get('scan_id') or 0):03d}.bdf.csv"


def _counts(found: Mapping[str, Log], time: NDArray[np.float64]) -> Iterator[Column]:
    """Yield cycle and step; BDF counts executions of steps, the programme names a step again in the next cycle."""
    cycle, step = (_held(found[name], time) if name in found else None for name in ("cycle", "step"))
    if cycle is not None:
        yield Column("Cycle Count / 1", cycle, ".0f")
    if step is not None:
        changed = np.diff(step, prepend=step[:1]) != 0
        if cycle is not None:
            changed |= np.diff(cycle, prepend=cycle[:1]) != 0
        yield Column("Step Count / 1", 1.0 + np.cumsum(changed), ".0f")


def _further(found: Mapping[str, Log], time: NDArray[np.float64]) -> Iterator[Column]:
    """Yield what is there beside the electrochemistry."""
    if "charge" in found:
        yield Column("Net Capacity / Ah", _sampled(found["charge"], time))
    if "stack_pressure" in found:
        pressure = _between(found["stack_pressure"], time) * PASCAL_PER_MEGAPASCAL
        yield Column("Applied Pressure / Pa", pressure)
    if "temperature" in found:
        yield Column("Surface Temperature T1 / degC", _between(found["temperature"], time))


def _sampled(log: Log, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the samples of the same instants; NaN where there is none."""
    values = np.full(len(time), np.nan)
    _, rows, samples = np.intersect1d(time, log.time, return_indices=True)
    values[rows] = log.value[samples]
    return values


def _held(log: Log, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the last sample before or at each instant; before the first one, that one."""
    return log.value[np.maximum(np.searchsorted(log.time, time, side="right") - 1, 0)]


def _between(log: Log, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values between the samples around each instant; NaN where they are too far away."""
    after = np.clip(np.searchsorted(log.time, time), 0, len(log) - 1)
    before = np.clip(np.searchsorted(log.time, time, side="right") - 1, 0, len(log) - 1)
    reach = max(REACH_S, 3 * float(np.median(np.diff(log.time)))) if len(log) > 1 else REACH_S
    far = (np.abs(log.time[after] - time) > reach) | (np.abs(log.time[before] - time) > reach)
    return np.where(far, np.nan, np.interp(time, log.time, log.value))


def _lines(table: BatteryTable) -> Iterator[str]:
    yield ",".join(column.label for column in table.columns) + "\r\n"
    for start in range(0, len(table), BLOCK):
        parts = [_written(column, slice(start, start + BLOCK)) for column in table.columns]
        for cells in zip(*parts, strict=True):
            yield ",".join(cells) + "\r\n"


def _written(column: Column, rows: slice) -> list[str]:
    return ["" if value != value else format(value, column.form) for value in column.values[rows].tolist()]


def _about(path: Path, document: Mapping[str, Any], start: int) -> dict[str, Any]:
    """Return what a table without metadata leaves open: what the voltage is measured against, above all."""
    return {
        "title": f"{document.get('plan_name', '')} {document.get('scan_id', '')}".strip(),
        "start_time": iso8601(start),
        "source": path.name,
        "run": document.get("uid", ""),
        "voltage": "between the terminals of the cell",
        "current": "charge positive",
        "net_capacity": "charge passed since the start of the cell programme",
        "applied_pressure": "stack pressure at the load cell, interpolated to the samples of the potentiostat",
        "surface_temperature_t1": "temperature at the cell, interpolated to the samples of the potentiostat",
        "cell": document.get("cell", {}),
        "program": f"operando {operando.__version__}",
    }


def _plain(text: str) -> str:
    """Return a text that may stand between the double underscores of a file name.

    Examples
    --------
    >>> _plain("NMC811 | Li6PS5Cl | Li-In")
    'NMC811-Li6PS5Cl-Li-In'
    """
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.") or "unnamed"
