"""A fly scan without its beamline: frames as the file plugin writes them, promises in batches, the environment log.

The detector counts on: now and then its camera drops a frame, and the next number is one higher.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import event_model
import h5py
import hdf5plugin
import numpy as np

from operando.history import EnvironmentLog
from operando.journal import Journal
from operando.vocabulary import Reading, Recipe

NS = 1_000_000_000
START_NS = int(datetime(2026, 3, 1, 23, 59, 55, tzinfo=UTC).timestamp()) * NS
"""Five seconds before midnight: logs and folders are by the UTC day."""
EPICS_EPOCH_S = 631_152_000
SHAPE = (12, 10)
PERIOD_S, ACQUIRE_S = 0.010, 0.008
PER_FILE, BATCH = 100, 15
"""Frames in a file, and frames that one document promises: batches meet the end of a file."""
DROPPED = 97
"""Every so many exposures the camera drops one."""
LOGGED = {
    "stack_pressure": 0.05,
    "temperature": 0.5,
    "voltage": 0.5,
    "current": 0.5,
    "charge": 0.5,
    "piezo_drive": 0.05,
}
"""Quantity → s between samples."""
STAMPS = ("NDArrayUniqueId", "NDArrayEpicsTSSec", "NDArrayEpicsTSnSec")
PONI = """poni_version: 2.1
Detector: Detector
Detector_config: {"pixel1": 0.01, "pixel2": 0.01, "max_shape": [12, 10], "orientation": 3}
Distance: 0.25
Poni1: 0.0
Poni2: 0.0
Rot1: 0.0
Rot2: 0.0
Rot3: 0.0
Wavelength: 2.0664e-11
"""
RECIPE = Recipe(npt=16, unit="q_nm^-1", radial_range=(8.0, 120.0), solid_angle=False)
"""Without a correction, a pattern is what its frame is filled with."""


class FlyRun:
    """One run below a root; data go to ``root/data``.

    Parameters
    ----------
    frames : int
        Written in all.
    """

    def __init__(self, root: Path, frames: int) -> None:
        self.root, self.frames = root, frames
        self.numbers = [k for k in range(1, 2 * frames + 2) if k % DROPPED][:frames]
        """The detector's number of each frame."""
        self.raw = root / "data" / "raw" / "20260301" / "0123abcd"
        self._journal = Journal(root / "journal")
        self._log = EnvironmentLog(root / "environment")
        self._files = ExitStack()
        self._logged = dict.fromkeys(LOGGED, 0)
        self._run = event_model.compose_run(time=START_NS / NS, metadata=_metadata())
        self._journal("start", self._run.start_doc)
        self._descriptor = self._run.compose_descriptor(name="xrd", time=START_NS / NS, **_keys())
        self._journal("descriptor", self._descriptor.descriptor_doc)

    @property
    def journal(self) -> Path:
        return self.root / "journal" / f"{self._run.start_doc['uid']}.jsonl"

    def end_ns(self, frame: int) -> int:
        """UTC, ns since the epoch: end of the exposure of a frame, counted from 0 among those written."""
        return START_NS + round((1.0 + ACQUIRE_S + self.numbers[frame] * PERIOD_S) * NS)

    @property
    def file(self) -> Path:
        """The file of record."""
        uid = self._run.start_doc["uid"]
        return self.root / "data" / "processed" / "20260301" / f"00001_{uid[:8]}.nxs"

    def fly(self, hold: Callable[[int], None] = lambda frame: None, period_s: float = PERIOD_S) -> None:
        """Take every frame at the pace of the detector, or another, s.

        ``hold`` may keep the detector waiting before a batch, whose first frame it is told; the log is then complete.
        """
        pace = threading.Event()
        for batch in _batches(self.frames):
            self.keep_log((self.end_ns(batch[0] - 1) if batch[0] else START_NS) + NS)
            hold(batch[0])
            if batch[0] % PER_FILE == 0:
                resource = self._next_file(batch[0] // PER_FILE)
            pace.wait(period_s * len(batch))
            self._write(batch)
            index = batch[0] % PER_FILE
            datum = resource.compose_stream_datum(
                indices={"start": index, "stop": index + len(batch)},
                seq_nums={"start": batch[0] + 1, "stop": batch[-1] + 2},
                descriptor=self._descriptor.descriptor_doc,
            )
            self._journal("stream_datum", datum)
        self._files.close()
        end_ns = self.end_ns(self.frames - 1) + NS
        self._journal("stop", self._run.compose_stop(time=end_ns / NS))
        self._journal.close()
        self.keep_log(end_ns + 3 * NS)
        self._log.close(end_ns + 3 * NS)

    def _next_file(self, number: int) -> Any:
        """Begin a file of frames and say so; the one before is complete."""
        self._files.close()
        path = self.raw / f"frames_{number:06d}.h5"
        path.parent.mkdir(parents=True, exist_ok=True)
        file = self._files.enter_context(h5py.File(path, "w", libver="latest"))
        growing: dict[str, Any] = {"shape": (0,), "maxshape": (None,), "chunks": (16,), "dtype": "int64"}
        self._stamps = [file.create_dataset(f"/entry/instrument/NDAttributes/{name}", **growing) for name in STAMPS]
        self._images = file.create_dataset(
            "/entry/data/data",
            shape=(0, *SHAPE),
            maxshape=(None, *SHAPE),
            chunks=(1, *SHAPE),
            dtype="int32",
            **hdf5plugin.Bitshuffle(cname="lz4"),
        )
        file.swmr_mode = True
        resource = event_model.compose_stream_resource(
            start=self._run.start_doc,
            mimetype="application/x-hdf5",
            uri=f"file://localhost{path}",
            data_key="detector_image",
            parameters={"dataset": "/entry/data/data", "swmr": True, "chunk_shape": [1, *SHAPE]},
        )
        self._journal("stream_resource", resource.stream_resource_doc)
        return resource

    def _write(self, batch: range) -> None:
        """Append frames, each filled with its number, and flush them."""
        numbers = np.array([self.numbers[frame] for frame in batch])
        seconds, nanoseconds = np.divmod(np.array([self.end_ns(frame) for frame in batch]), NS)
        images = np.broadcast_to(numbers[:, None, None], (len(batch), *SHAPE)).astype(np.int32)
        columns = (images, numbers, seconds - EPICS_EPOCH_S, nanoseconds)
        for dataset, values in zip((self._images, *self._stamps), columns, strict=True):
            dataset.resize(len(dataset) + len(batch), axis=0)
            dataset[-len(batch) :] = values
            dataset.flush()

    def keep_log(self, until_ns: int) -> None:
        """Write the environment log until an instant."""
        for quantity, period_s in LOGGED.items():
            while (time_ns := START_NS - NS + round(self._logged[quantity] * period_s * NS)) < until_ns:
                self._log.append(quantity, Reading(50.0 + self._logged[quantity] % 7, time_ns))
                self._logged[quantity] += 1
        self._log.commit(until_ns)


def _batches(frames: int) -> Iterator[range]:
    """Yield the frames that are promised together; a promise ends with its file."""
    for first in range(0, frames, PER_FILE):
        for start in range(first, min(first + PER_FILE, frames), BATCH):
            yield range(start, min(start + BATCH, first + PER_FILE, frames))


def _keys() -> dict[str, Any]:
    acquire = {"source": "", "dtype": "number", "shape": []}
    return {
        "data_keys": {
            "detector_image": {"source": "", "dtype": "array", "shape": [1, *SHAPE], "external": "STREAM:"},
        },
        "object_keys": {"detector": ["detector_image"]},
        "configuration": {
            "detector": {
                "data": {"detector_acquire_time": ACQUIRE_S},
                "timestamps": {"detector_acquire_time": START_NS / NS},
                "data_keys": {"detector_acquire_time": acquire},
            }
        },
    }


def _metadata() -> dict[str, Any]:
    configuration = {
        "name": "fly scan",
        "detector": {"prefix": "SIM:DET:"},
        "cell": {"name": "fly scan", "no_stack_pressure_reason": "made up"},
    }
    ours = {"version": "0", "configuration": configuration, "poni": PONI, "recipe": asdict(RECIPE), "lattice": None}
    return {"scan_id": 1, "plan_name": "fly_frames", "operando": ours}
