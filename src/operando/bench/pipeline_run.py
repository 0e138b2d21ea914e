"""A run of a Pilatus 2M as it lies on the disk when a recorder comes to it: frames, journal, environment log."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import event_model
import h5py
import hdf5plugin
import numpy as np
from numpy.typing import NDArray

from operando.config import load
from operando.history import EnvironmentLog
from operando.journal import Journal
from operando.vocabulary import Reading, Recipe

NS = 1_000_000_000
START_NS = 1_767_225_600 * NS
"""1 January 2026."""
EPICS_EPOCH_S = 631_152_000
SHAPE = (1679, 1475)
"""Of a Pilatus 2M."""
GAPS_DOWN, GAPS_ACROSS, GAP_DOWN, GAP_ACROSS = (195, 407, 619, 831, 1043, 1255, 1467), (487, 981), 17, 7
"""First row or column of the gaps between modules, and how wide they are."""
PONI = """poni_version: 2.1
Detector: Pilatus2M
Detector_config: {"orientation": 3}
Distance: 0.35
Poni1: 0.145
Poni2: 0.127
Rot1: 0.0
Rot2: 0.0
Rot3: 0.0
Wavelength: 2.0664e-11
"""
RECIPE = Recipe(npt=1000, unit="q_nm^-1", split="bbox", polarization_factor=0.95, error_model="poisson")
DIFFERENT = 16
"""Frames that are drawn; the others are these, again."""
PER_FILE = 100
PERIOD_S, ACQUIRE_S = 0.02, 0.018
"""s between two frames, and of an exposure: 50 frames a second."""
RATES = {"stack_pressure": 20.0, "stack_pressure_uncertainty": 2.0, "temperature": 2.0, "voltage": 2.0} | dict.fromkeys(
    ("current", "charge", "piezo_drive"), 2.0
)
"""Quantity → samples a second in the environment log."""


def end_ns(frame: int) -> int:
    """UTC, ns since the epoch: end of an exposure."""
    return START_NS + 2 * NS + round(((frame + 1) * PERIOD_S) * NS)


def images() -> Iterator[NDArray[np.int32]]:
    """Yield powder rings on a background, as a photon counter sees them: two of five pixels count nothing."""
    rows, columns = np.indices(SHAPE)
    radius = np.hypot(rows - SHAPE[0] / 2, columns - SHAPE[1] / 2)
    rings = sum(np.exp(-0.5 * ((radius - ring) / 2.5) ** 2) for ring in range(90, 1000, 60))
    mean = 0.6 + 3 * np.exp(-radius / 200) + 4 * rings * np.exp(-radius / 500)
    random = np.random.default_rng(6)
    for _ in range(DIFFERENT):
        image = random.poisson(mean).astype(np.int32)
        for first in GAPS_DOWN:
            image[first : first + GAP_DOWN] = -1
        for first in GAPS_ACROSS:
            image[:, first : first + GAP_ACROSS] = -1
        yield image


class MadeRun:
    """Writes such a run.

    Parameters
    ----------
    root : Path
        State root; data go below it, too.
    frames : int
        How many.
    """

    def __init__(self, root: Path, frames: int) -> None:
        self.root, self.frames = root, frames
        self.data = root / "data"
        self._chunks: list[bytes] = []
        self._documents = list(self._compose())
        for number in range(-(-frames // PER_FILE)):
            self._write_file(number)
        self._write_log()
        journal = Journal(root / "journal")
        for name, document in self._documents:
            journal(name, document)
        journal.close()

    @property
    def raw_files(self) -> list[Path]:
        """Return the files of the frames, the oldest first."""
        return [self._raw(number) for number in range(-(-self.frames // PER_FILE))]

    def _raw(self, number: int) -> Path:
        return self.data / "raw" / f"frames_{number:06d}.h5"

    def _compose(self) -> Iterator[tuple[str, Any]]:
        configuration = load(Path(str(files("operando.configs"))) / "simulated.toml").model_dump(mode="json")
        operando = {"version": "", "configuration": configuration, "poni": PONI, "lattice": None}
        metadata = {"scan_id": 1, "plan_name": "bench", "operando": operando | {"recipe": RECIPE.document()}}
        run = event_model.compose_run(time=START_NS / NS, metadata=metadata)
        yield "start", run.start_doc
        key = {"source": "", "dtype": "number", "shape": []}
        acquire = {"detector_acquire_time": ACQUIRE_S}
        described = run.compose_descriptor(
            name="xrd",
            time=START_NS / NS + 1,
            data_keys={"detector_image": {**key, "dtype": "array", "shape": [1, *SHAPE], "external": "STREAM:"}},
            object_keys={"detector": ["detector_image"]},
            configuration={
                "detector": {
                    "data": acquire,
                    "timestamps": dict.fromkeys(acquire, START_NS / NS),
                    "data_keys": dict.fromkeys(acquire, key),
                }
            },
        )
        yield "descriptor", described.descriptor_doc
        for number, path in enumerate(self.raw_files):
            count = min(PER_FILE, self.frames - number * PER_FILE)
            resource = event_model.compose_stream_resource(
                start=run.start_doc,
                mimetype="application/x-hdf5",
                uri=f"file://localhost{path}",
                data_key="detector_image",
                parameters={"dataset": "/entry/data/data", "swmr": True, "chunk_shape": [1, *SHAPE]},
            )
            yield "stream_resource", resource.stream_resource_doc
            first = number * PER_FILE + 1
            datum = resource.compose_stream_datum(
                indices={"start": 0, "stop": count},
                seq_nums={"start": first, "stop": first + count},
                descriptor=described.descriptor_doc,
            )
            yield "stream_datum", datum
        yield "stop", run.compose_stop(time=(end_ns(self.frames) + NS) / NS)

    def _write_file(self, number: int) -> None:
        """Write a file of frames as areaDetector does; a frame that was packed once is not packed again."""
        frames = range(number * PER_FILE, min((number + 1) * PER_FILE, self.frames))
        path = self._raw(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w", libver="latest") as file:
            stack = file.create_dataset(
                "/entry/data/data",
                shape=(len(frames), *SHAPE),
                maxshape=(None, *SHAPE),
                chunks=(1, *SHAPE),
                dtype="int32",
                **hdf5plugin.Bitshuffle(cname="lz4"),
            )
            for index, image in enumerate(() if self._chunks else images()):
                stack[index % len(frames)] = image
                self._chunks.append(bytes(stack.id.read_direct_chunk((index % len(frames), 0, 0))[1]))
            for index, frame in enumerate(frames):
                stack.id.write_direct_chunk((index, 0, 0), self._chunks[frame % DIFFERENT])
            ends = [divmod(end_ns(frame), NS) for frame in frames]
            columns: dict[str, tuple[str, list[Any]]] = {
                "NDArrayUniqueId": ("int32", [frame + 1 for frame in frames]),
                "NDArrayEpicsTSSec": ("uint32", [seconds - EPICS_EPOCH_S for seconds, _ in ends]),
                "NDArrayEpicsTSnSec": ("uint32", [nanoseconds for _, nanoseconds in ends]),
                "RingCurrent": ("float64", [100.0 for _ in frames]),
                "IncidentMonitor": ("float64", [1e5 + frame % 7 for frame in frames]),
                "TransmittedDiode": ("float64", [4e4 + frame % 5 for frame in frames]),
            }
            for name, (dtype, values) in columns.items():
                file.create_dataset(f"/entry/instrument/NDAttributes/{name}", data=np.array(values, dtype))

    def _write_log(self) -> None:
        log = EnvironmentLog(self.root / "environment")
        last_ns = end_ns(self.frames) + 5 * NS
        for quantity, rate in RATES.items():
            for k in range(round((last_ns - START_NS + 10 * NS) / NS * rate)):
                log.append(quantity, Reading(1.0 + k % 100 / 100, START_NS - 10 * NS + round(k / rate * NS)))
        log.close(last_ns)
