"""Impedance spectra of a run: each an NXdata over its frequencies, beside it what the cell was doing."""

from collections.abc import Sequence

import h5py
import numpy as np

from operando.history import EnvironmentHistory, Spectrum
from operando.recorder.instants import NS, iso8601, since
from operando.recorder.join import Exposure, over_exposure
from operando.recorder.layout import make_data, make_group, write_text, write_value
from operando.recorder.run import Run
from operando.vocabulary import QUANTITY

BESIDE = ("stack_pressure", "temperature")
"""Quantities of which the mean over the spectrum stands beside it."""
REACH_NS = 10 * NS
LOG_AXIS = '{"axes_scale_types":["log"]}'


def write_spectra(group: h5py.Group, run: Run, history: EnvironmentHistory, spectra: Sequence[Spectrum]) -> None:
    """Write the spectra of a cell, ``impedance_0001`` first; nothing where there are none."""
    if not spectra:
        return
    place = make_group(group, "spectra", "NXcollection")
    for number, spectrum in enumerate(spectra, start=1):
        _write(make_group(place, f"impedance_{number:04d}", "NXcollection"), run, history, spectrum)


def _write(group: h5py.Group, run: Run, history: EnvironmentHistory, spectrum: Spectrum) -> None:
    start = {"start": iso8601(run.start_ns)}
    write_text(group, "name", spectrum.name)
    write_text(group, "programme", spectrum.programme)
    for name in ("run", "cycle", "step"):
        write_value(group, name, getattr(spectrum, name))
    write_value(group, "begun", since(run.start_ns, spectrum.begun_ns), "s", **start)
    write_value(group, "ended", since(run.start_ns, spectrum.ended_ns), "s", **start)
    last_ns = spectrum.points[-1].time_ns
    during = Exposure(spectrum.begun_ns, last_ns)
    for quantity in BESIDE:
        mean = over_exposure(history, quantity, during, REACH_NS, last_ns, final=True)
        if mean and np.isfinite(mean.mean):
            known = QUANTITY[quantity]
            write_value(group, quantity, mean.mean, known.unit, description=f"mean of {known.description}")
    _write_data(group, run, spectrum)


def _write_data(group: h5py.Group, run: Run, spectrum: Spectrum) -> None:
    """Write real and imaginary part, as measured: a capacitor's imaginary part is below zero."""
    title = f"{spectrum.name}, cycle {spectrum.cycle}, step {spectrum.step}"
    data = make_data(
        group,
        "data",
        "real",
        ["frequency"],
        {"time": 0, "quality": 0},
        title=title,
        auxiliary_signals=["imaginary"],
        SILX_style=LOG_AXIS,
    )
    points = spectrum.points
    frequency = np.array([point.frequency for point in points])
    write_value(data, "frequency", frequency, "Hz", long_name="frequency / Hz")
    real = np.array([point.real for point in points])
    write_value(data, "real", real, "ohm", long_name="real part of the impedance / ohm")
    imaginary = np.array([point.imaginary for point in points])
    write_value(data, "imaginary", imaginary, "ohm", long_name="imaginary part of the impedance / ohm")
    time = np.array([since(run.start_ns, point.time_ns) for point in points])
    write_value(data, "time", time, "s", start=iso8601(run.start_ns))
    quality = np.array([point.quality for point in points], np.int8)
    write_value(data, "quality", quality, long_name="0 good, 1 suspect, 3 not a measurement")
