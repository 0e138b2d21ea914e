"""Electrochemistry as Battery Data Format, the table of the Battery Data Alliance.

https://github.com/battery-data-alliance/battery-data-format: a CSV file of one cell, each column headed by its
preferred label with a fixed unit. A row is a sample of the potentiostat at its own rate; pressure and temperature,
which other instruments measure at other moments, are interpolated to it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py

import operando
from operando.errors import RecordError
from operando.export.battery_table import BatteryTable, Column, battery_table
from operando.export.impedance_table import impedance_table
from operando.export.record import cell_programme, opened, start_document, start_ns
from operando.export.whole import write_whole
from operando.recorder.instants import NS, iso8601
from operando.recorder.tree import subgroups, text_of

BLOCK = 50_000
"""Rows formatted at a time."""
OF_THE_PRESS = ("applied_pressure", "surface_temperature_t1")
"""What is known of the cell in the press alone."""


def export_bdf(
    path: Path, folder: Path, institution: str | None = None, channel: str = ""
) -> tuple[Path, BatteryTable]:
    """Write a file of record's electrochemistry into a folder; return the CSV file.

    Spectra, where there are some, stand in a table of their own beside it.

    Parameters
    ----------
    institution : str, optional
        Code for the name of the file; by default the name of the endstation.
    channel : str
        Of a further cell; empty for the one in the press.

    Raises
    ------
    RecordError
        The file holds no electrochemistry, the table exists already, or the folder does not take it.
    """
    with opened(path) as file:
        table, spectra = battery_table(file, channel), impedance_table(file, channel)
        document, zero = start_document(file), start_ns(file)
        cell = _cell(document, channel)
        about = {**_about(path, document, zero), "cell": cell, "programmes": _programmes(file, channel)}
    if channel:
        about = {name: text for name, text in about.items() if name not in OF_THE_PRESS}
    target = folder / file_name({**document, "cell": cell}, zero, institution)
    if target.exists():
        raise RecordError(f"{target}: exists already and is left as it is; name another folder with --out")
    if spectra:
        beside = target.with_name(target.name.removesuffix(".bdf.csv") + ".impedance.csv")
        about["impedance"] = beside.name
        write_whole(beside, _lines(spectra))
    written = json.dumps(about, indent=2, ensure_ascii=False)
    write_whole(target.with_name(target.name + ".metadata.json"), [written, "\n"])
    write_whole(target, _lines(table))
    return target, table


def file_name(document: Mapping[str, Any], start: int, institution: str | None = None) -> str:
    """Return the name that BDF recommends: ``InstitutionCode__CellName__YYYYMMDD_XXX.bdf.csv``."""
    code = institution or str(document.get("endstation") or "operando")
    cell = str((document.get("cell") or {}).get("name") or "cell")
    day = datetime.fromtimestamp(start // NS, UTC)
    return f"{_plain(code)}__{_plain(cell)}__{day:%Y%m%d}_{int(document.get('scan_id') or 0):03d}.bdf.csv"


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
        "net_capacity": "charge passed since the start of the cell programme, charging positive",
        "step_count": "steps begun since the start of the cell programme; `run` in the file of record",
        "step_id": "number of the step in the programme; 0 is a pause",
        "applied_pressure": "stack pressure at the load cell, interpolated to the samples of the potentiostat",
        "surface_temperature_t1": "temperature at the cell, interpolated to the samples of the potentiostat",
        "program": f"operando {operando.__version__}",
    }


def _cell(document: Mapping[str, Any], channel: str) -> dict[str, Any]:
    """Return the description of a cell."""
    if not channel:
        return dict(document.get("cell") or {})
    channels = ((document.get("operando") or {}).get("configuration") or {}).get("channels") or ()
    return next((dict(each["cell"]) for each in channels if each["name"] == channel), {})


def _programmes(file: h5py.File, channel: str) -> list[dict[str, str]]:
    """Return name and hash of the programmes that ran; their texts stand in the file of record."""
    group = cell_programme(file, channel)
    found = [] if group is None else [each for each in subgroups(group) if "hash" in each]
    return [{name: text_of(each[name]) for name in ("name", "hash") if name in each} for each in found]


def _plain(text: str) -> str:
    """Return a text that may stand between the double underscores of a file name.

    Examples
    --------
    >>> _plain("NMC811 | Li6PS5Cl | Li-In")
    'NMC811-Li6PS5Cl-Li-In'
    """
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.") or "unnamed"
