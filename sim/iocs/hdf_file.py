"""The file that areaDetector's HDF5 plugin writes: one stream of frames, readable while it grows (SWMR)."""

import os
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
from numpy.typing import NDArray

from operando.sim.iocs.beam import ATTRIBUTES
from operando.sim.iocs.camera_family import CameraFamily
from operando.sim.iocs.exposure import Exposure

EPICS_EPOCH = 631_152_000
"""s from 1970-01-01 to 1990-01-01, where EPICS time starts."""

ATTRIBUTE_CHUNK = 256
"""Frames a chunk of the per-frame attributes."""

STAMPS = {
    "NDArrayUniqueId": np.int32,
    "NDArrayTimeStamp": np.float64,
    "NDArrayEpicsTSSec": np.uint32,
    "NDArrayEpicsTSnSec": np.uint32,
}
"""What areaDetector stores of every frame, and as what; the attributes of the beam come beside it, as they are."""


def file_path(folder: str, name: str, number: int, template: str) -> Path:
    """Return the path that a C printf template makes of folder, name and number.

    Raises
    ------
    ValueError
        The template does not take text, text, number.

    Examples
    --------
    >>> file_path("/data/", "frames", 7, "%s%s_%6.6d.h5").name
    'frames_000007.h5'
    """
    try:
        return Path(template % (folder, name, number)[: template.count("%")])
    except TypeError as error:
        raise ValueError(f"FileTemplate {template!r} does not take path, name, number: {error}") from error


def make_folder(folder: Path, levels: int) -> None:
    """Create ``folder`` when at most ``levels`` of its components are missing (areaDetector's CreateDirectory < 0)."""
    missing = sum(1 for part in (folder, *folder.parents) if not part.exists())
    if 0 < missing <= levels:
        folder.mkdir(parents=True)


class FrameFile:
    """A growing HDF5 file; used by one thread.

    Parameters
    ----------
    path : Path
        Must not exist: a file of frames is never overwritten.
    shape : tuple of int
        Rows and columns of a frame.
    compressed : bool
        Bitshuffle and LZ4, or not at all.
    swmr : bool
        Let readers in while it grows.
    family : CameraFamily
        What a pixel is stored as.
    """

    def __init__(self, path: Path, shape: tuple[int, int], compressed: bool, swmr: bool, family: CameraFamily) -> None:
        self.path = path
        self._shape = shape
        self._filter: dict[str, Any] = dict(hdf5plugin.Bitshuffle(cname="lz4")) if compressed else {}
        self._swmr = swmr
        self._family = family
        self._file: Any = None
        self._frames: Any = None

    def open(self) -> None:
        """Create the file with every object that it will ever hold: SWMR readers never see an object added later."""
        if not os.access(self.path.parent, os.W_OK):
            raise OSError(f"{self.path.parent}: not a folder that can be written into")
        self._file = h5py.File(self.path, "x", libver="latest")
        entry = _group(self._file, "entry", "NXentry")
        detector = _group(_group(entry, "instrument", "NXinstrument"), "detector", "NXdetector")
        rows, columns = self._shape
        self._frames = detector.create_dataset(
            "data",
            shape=(0, rows, columns),
            maxshape=(None, rows, columns),
            chunks=(1, rows, columns),
            dtype=self._family.dtype,
            **self._filter,
        )
        data = _group(entry, "data", "NXdata")
        data["data"] = self._frames
        data.attrs["signal"] = "data"
        attributes = _group(entry["instrument"], "NDAttributes", "NXcollection")
        for name, kind in {**STAMPS, **dict.fromkeys(ATTRIBUTES, np.float64)}.items():
            attributes.create_dataset(name, shape=(0,), maxshape=(None,), chunks=(ATTRIBUTE_CHUNK,), dtype=kind)
        self._attributes = attributes
        self._file.swmr_mode = self._swmr

    def append(self, frame: NDArray[np.int32], exposure: Exposure) -> int:
        """Write one frame, flush it to the operating system, and return its index."""
        if self._file is None:
            self.open()
        index = int(self._frames.shape[0])
        self._frames.resize(index + 1, axis=0)
        self._frames[index] = self._family.encode(frame)
        seconds, nanoseconds = divmod(exposure.end_ns - EPICS_EPOCH * 1_000_000_000, 1_000_000_000)
        values = (exposure.unique_id, seconds + nanoseconds * 1e-9, seconds, nanoseconds)
        rest = {name: exposure.attributes.get(name, np.nan) for name in ATTRIBUTES}
        for name, value in {**dict(zip(STAMPS, values, strict=True)), **rest}.items():
            self._attributes[name].resize(index + 1, axis=0)
            self._attributes[name][index] = value
        self._file.flush()
        return index

    def close(self) -> None:
        """Close the file; one that never got a frame and was opened lazily does not exist."""
        if self._file is not None:
            self._file.close()


def _group(parent: Any, name: str, nexus_class: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = nexus_class
    return group
