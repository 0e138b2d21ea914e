"""One picture of a run: patterns over time, lattice parameters, and what the cell was doing."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from operando.recorder.pattern_entry import pattern_entries

MINUTE = 60.0
PANELS: tuple[tuple[str, str, str], ...] = (
    ("lattice_a", "a / Å", "tab:blue"),
    ("lattice_c", "c / Å", "tab:purple"),
    ("stack_pressure", "stack pressure / MPa", "tab:green"),
    ("voltage", "cell voltage / V", "tab:red"),
)
"""Column of the file, axis label, colour; a column that the run does not have leaves its panel out."""


def draw_overview(file: Path, picture: Path) -> None:
    """Draw a run from its file of record.

    Parameters
    ----------
    file : Path
        A file of record with patterns.
    picture : Path
        PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with h5py.File(file, locking=False) as record:
        entry = next(pattern_entries(record)).entry
        data, frames = entry["data"], entry["frames"]
        time = frames["time"][()] / MINUTE
        radial, intensity = data["radial_axis"][()], data["I"][()]
        label = f"{data['radial_axis'].attrs['long_name']} / {data['radial_axis'].attrs['units']}"
        shown = [(frames[name][()], title, colour) for name, title, colour in PANELS if name in frames]
        title = f"{entry['title'][()].decode()}  {entry['start_time'][()].decode()[:19]}"
    figure = Figure(figsize=(10, 7), layout="constrained")
    FigureCanvasAgg(figure)
    halves: Any = figure.subfigures(1, 2) if shown else (figure, None)
    _patterns(halves[0], time, radial, intensity, label)
    _trends(halves[1], time, shown)
    figure.suptitle(title)
    figure.savefig(picture, dpi=110)


def _patterns(figure: Any, time: Any, radial: Any, intensity: Any, label: str) -> None:
    from matplotlib.colors import LogNorm

    panel = figure.subplots()
    finite = intensity[np.isfinite(intensity) & (intensity > 0)]
    norm = LogNorm(*np.percentile(finite, [1, 99.9])) if finite.size else None
    image = panel.pcolormesh(radial, time, intensity, norm=norm, shading="nearest", cmap="magma", rasterized=True)
    panel.set(xlabel=label, ylabel="time / min")
    figure.colorbar(image, ax=panel, label="intensity", location="bottom", shrink=0.8)


def _trends(figure: Any, time: Any, shown: list[tuple[Any, str, str]]) -> None:
    if not shown:
        return
    panels = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for panel, (values, title, colour) in zip(panels, shown, strict=True):
        panel.plot(time, values, ".-", color=colour, markersize=3, linewidth=0.8)
        panel.set_ylabel(title)
        panel.ticklabel_format(axis="y", useOffset=False)
        panel.grid(alpha=0.3)
    panels[-1].set_xlabel("time / min")
