"""Impedance spectra with the labels of Battery Data Format.

BDF's table of a cell has a voltage and a current in each row, which no point of a spectrum has. It has names for
frequency and impedance since its ontology 1.2, and announces a format of its own for spectra: until then this table
stands beside the other.
"""

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.export.battery_table import PASCAL_PER_MEGAPASCAL, BatteryTable, Column, between
from operando.export.record import cell_programme, logs, seconds_to_ns, start_ns
from operando.recorder.instants import NS
from operando.recorder.tree import subgroups
from operando.vocabulary import Quality


def impedance_table(file: h5py.File, channel: str = "") -> BatteryTable | None:
    """Return the points of all spectra of an open file of record, or None where there are none.

    Parameters
    ----------
    channel : str
        Of a further cell; empty for the one in the press, which alone has its pressure and temperature.
    """
    group = cell_programme(file, channel)
    spectra = [each for each in subgroups(group["spectra"]) if "data" in each] if group and "spectra" in group else []
    if not spectra:
        return None
    good = [each["data/quality"][()] == Quality.GOOD for each in spectra]

    def joined(name: str) -> NDArray[np.float64]:
        parts = [each[f"data/{name}"][()][kept] for each, kept in zip(spectra, good, strict=True)]
        return np.concatenate(parts).astype(np.float64)

    def repeated(name: str) -> NDArray[np.float64]:
        return np.repeat([float(each[name][()]) for each in spectra], [np.count_nonzero(kept) for kept in good])

    time = joined("time")
    columns = [
        Column("Test Time / s", time, ".6f"),
        Column("Unix Time / s", seconds_to_ns(start_ns(file), time) / NS, ".6f"),
        Column("Frequency / Hz", joined("frequency")),
        Column("Real Impedance / ohm", joined("real")),
        Column("Imaginary Impedance / ohm", joined("imaginary")),
        Column("Cycle Count / 1", repeated("cycle"), ".0f"),
        Column("Step Count / 1", repeated("run"), ".0f"),
        Column("Step ID", repeated("step"), ".0f"),
    ]
    found = {} if channel else logs(file)
    if "stack_pressure" in found:
        pressure = between(found["stack_pressure"], time) * PASCAL_PER_MEGAPASCAL
        columns.append(Column("Applied Pressure / Pa", pressure))
    if "temperature" in found:
        columns.append(Column("Surface Temperature T1 / degC", between(found["temperature"], time)))
    return BatteryTable(tuple(columns), sum(int(np.count_nonzero(~kept)) for kept in good))
