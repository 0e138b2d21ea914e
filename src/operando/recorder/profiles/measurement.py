"""What readers of BLISS and nxswriter files look for: counters under short names, and the frames as one stack."""

import logging
from collections.abc import Iterator
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  the raw frames are bitshuffled
import numpy as np
from numpy.typing import NDArray

from operando.recorder.layout import link_fields, make_group

INTEGRATED = "detector_integrated"
"""Name of the patterns, as ewoksxrpd calls them."""

_logger = logging.getLogger(__name__)


def link_measurement(entry: h5py.Group) -> None:
    """Add the NXcollection ``measurement``: per-frame quantities and patterns, linked, not copied."""
    if "measurement" in entry:  # a file that is continued
        return
    measurement = make_group(entry, "measurement", "NXcollection")
    link_fields(measurement, entry["frames"], tuple(entry["frames"]))
    measurement["elapsed_time"] = entry["frames/time"]
    measurement[INTEGRATED] = entry["data/I"]


def link_stack(entry: h5py.Group, group: str) -> None:
    """Give the stack of frames a short name in a group, too."""
    _forget(entry[group], "detector")
    entry[group]["detector"] = entry["instrument/detector/data"]


def write_stack(entry: h5py.Group) -> bool:
    """Write ``instrument/detector/data``: every frame in its row, each where its raw file has it.

    Raw files are found relative to this one, so that a folder can be moved. A frame that was lost is a row of the fill
    value: -1, or 0 where the detector counts without a sign.

    Returns
    -------
    bool
        Whether it was; not without a raw file that can be read.
    """
    detector = entry["instrument/detector"]
    files, rows = entry["frames/raw_file"][()], entry["frames/raw_index"][()]
    kind = _kind(detector)
    if kind is None or not len(files):
        _logger.warning("%s: no raw file can be read; the stack of frames is left out", entry.file.filename)
        return False
    shape, dtype = kind
    layout = h5py.VirtualLayout((len(files), *shape), dtype=dtype)
    for number, first, last in _stretches(files, rows):
        link = detector.get(f"frames_{number:06d}", getlink=True)
        if isinstance(link, h5py.ExternalLink):
            start, stop = int(rows[first]), int(rows[last - 1]) + 1
            source = h5py.VirtualSource(link.filename, link.path, (stop, *shape), dtype=dtype)
            layout[first:last] = source[start:stop]
    lost = -1 if np.issubdtype(dtype, np.signedinteger) else 0
    _forget(detector, "data")
    stack = detector.create_virtual_dataset("data", layout, fillvalue=lost)
    stack.attrs.update({"interpretation": "image", "long_name": "counts"})
    return True


def _forget(group: h5py.Group, name: str) -> None:
    """Take away what a recorder wrote that was killed before the end time."""
    if group.get(name, getlink=True) is not None:
        del group[name]


def _kind(detector: h5py.Group) -> tuple[tuple[int, ...], "np.dtype[np.generic]"] | None:
    """Return shape and type of a frame, from the first raw file that opens."""
    folder = Path(detector.file.filename).parent
    for name in detector:
        link = detector.get(name, getlink=True)
        if not isinstance(link, h5py.ExternalLink):
            continue
        try:
            # As the frames were read: this process may have the file open, and HDF5 opens none in two ways.
            with h5py.File(folder / link.filename, "r", libver="latest", swmr=True) as raw:
                return raw[link.path].shape[1:], raw[link.path].dtype
        except (KeyError, OSError):
            continue
    return None


def _stretches(files: NDArray[np.int32], rows: NDArray[np.int32]) -> Iterator[tuple[int, int, int]]:
    """Yield (raw file, first row, last row + 1) of frames that follow each other in one file."""
    breaks = np.flatnonzero((np.diff(files) != 0) | (np.diff(rows) != 1)) + 1
    for first, last in zip([0, *breaks], [*breaks, len(files)], strict=True):
        if files[first] >= 0:
            yield int(files[first]), int(first), int(last)
