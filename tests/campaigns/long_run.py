"""What seven days of an experiment leave for a recorder: frames, journal, environment log; written piece by piece."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import event_model
import h5py
import numpy as np

from operando.history import EnvironmentLog
from operando.journal import Journal
from operando.vocabulary import Reading, Recipe

NS = 1_000_000_000
START_NS = int(datetime(2026, 3, 1, 6, 0, 0, tzinfo=UTC).timestamp()) * NS
EPICS_EPOCH_S = 631_152_000
SHAPE = (12, 10)
PER_FILE = 100
ACQUIRE_S = 1.0
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
LOGGED = {"stack_pressure": 1.0, "temperature": 5.0, "voltage": 5.0, "current": 5.0, "charge": 5.0, "piezo_drive": 5.0}
"""Quantity → s between samples."""


class LongRun:
    """Documents, frames and log of a run, piece by piece; nothing of what is past is kept."""

    def __init__(self, root: Path, frames: int, period_s: float) -> None:
        self.root, self.frames, self.period_s = root, frames, period_s
        self._journal = Journal(root / "journal")
        self._log = EnvironmentLog(root / "environment")
        self._logged = dict.fromkeys(LOGGED, 0)
        self._run = event_model.compose_run(time=START_NS / NS, metadata=_metadata())
        self._journal("start", self._run.start_doc)
        self._descriptor = self._run.compose_descriptor(
            name="xrd",
            time=(START_NS + NS) / NS,
            data_keys={
                "detector_image": {"source": "", "dtype": "array", "shape": [1, *SHAPE], "external": "STREAM:"},
                **{name: {"source": "", "dtype": "number", "shape": []} for name in LOGGED},
            },
            object_keys={"detector": ["detector_image"], **{name: [name] for name in LOGGED}},
            configuration={
                "detector": {
                    "data": {"detector_acquire_time": ACQUIRE_S},
                    "timestamps": {"detector_acquire_time": START_NS / NS},
                    "data_keys": {"detector_acquire_time": {"source": "", "dtype": "number", "shape": []}},
                }
            },
        )
        self._journal("descriptor", self._descriptor.descriptor_doc)

    def end_ns(self, frame: int) -> int:
        """UTC, ns since the epoch: end of an exposure."""
        return START_NS + round((2.0 + ACQUIRE_S + frame * self.period_s) * NS)

    def write_file(self, number: int) -> None:
        """Write one raw file, the log until after its last frame, and its documents."""
        frames = range(number * PER_FILE, min((number + 1) * PER_FILE, self.frames))
        path = self.root / "data" / "raw" / f"frames_{number:06d}.h5"
        self._write_frames(path, frames)
        self._write_log(self.end_ns(frames[-1]) + 3 * NS)
        resource = event_model.compose_stream_resource(
            start=self._run.start_doc,
            mimetype="application/x-hdf5",
            uri=f"file://localhost{path}",
            data_key="detector_image",
            parameters={"dataset": "/entry/data/data", "swmr": True, "chunk_shape": [1, *SHAPE]},
        )
        self._journal("stream_resource", resource.stream_resource_doc)
        for frame in frames:
            index = frame - frames[0]
            datum = resource.compose_stream_datum(
                indices={"start": index, "stop": index + 1},
                seq_nums={"start": frame + 1, "stop": frame + 2},
                descriptor=self._descriptor.descriptor_doc,
            )
            self._journal("stream_datum", datum)
            moment = self.end_ns(frame) / NS + 0.1
            event = self._descriptor.compose_event(
                data=dict.fromkeys(LOGGED, 1.5), timestamps=dict.fromkeys(LOGGED, moment), time=moment, validate=False
            )
            self._journal("event", event)

    def end(self) -> None:
        """Write the stop document."""
        end_ns = self.end_ns(self.frames - 1) + NS
        self._journal("stop", self._run.compose_stop(time=end_ns / NS))
        self._journal.close()
        self._log.close(end_ns + 5 * NS)

    def _write_frames(self, path: Path, frames: range) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        seconds, nanoseconds = np.divmod(np.array([self.end_ns(frame) for frame in frames]), NS)
        images = np.random.default_rng(frames[0]).poisson(50, (len(frames), *SHAPE)).astype(np.int32)
        with h5py.File(path, "w", libver="latest") as file:
            file.create_dataset("/entry/data/data", data=images, chunks=(1, *SHAPE))
            attributes = file.create_group("/entry/instrument/NDAttributes")
            attributes["NDArrayUniqueId"] = np.array(frames) + 1
            attributes["NDArrayEpicsTSSec"] = seconds - EPICS_EPOCH_S
            attributes["NDArrayEpicsTSnSec"] = nanoseconds

    def _write_log(self, until_ns: int) -> None:
        for quantity, period_s in LOGGED.items():
            period_ns = round(period_s * NS)
            while (time_ns := START_NS + self._logged[quantity] * period_ns) < until_ns:
                self._log.append(quantity, Reading(50.0 + self._logged[quantity] % 7, time_ns))
                self._logged[quantity] += 1
        self._log.commit(until_ns)


def _metadata() -> dict[str, Any]:
    recipe = Recipe(npt=16, unit="q_nm^-1", radial_range=(8.0, 120.0))
    configuration = {
        "name": "long run",
        "detector": {"prefix": "SIM:DET:"},
        "cell": {"name": "long run", "no_stack_pressure_reason": "made up"},
    }
    ours = {"version": "0", "configuration": configuration, "poni": PONI, "recipe": asdict(recipe), "lattice": None}
    return {"scan_id": 1, "plan_name": "seven_days", "operando": ours}
