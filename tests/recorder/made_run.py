"""A run made by hand: frames as a detector writes them, documents in a journal, ramps in the environment log."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import event_model
import h5py
import hdf5plugin
import numpy as np
from numpy.typing import NDArray

from operando.analysis.crystal import scattering_vector
from operando.config import load, load_material
from operando.history import EnvironmentLog
from operando.journal import Journal
from operando.vocabulary import LatticeModel, Quality, Reading, Recipe

NS = 1_000_000_000
START_NS = int(datetime(2026, 3, 1, 23, 59, 50, tzinfo=UTC).timestamp()) * NS
"""Ten seconds before midnight: logs and folders are by the UTC day."""
EPICS_EPOCH_S = 631_152_000
CONFIGS = Path(__file__).parents[2] / "configs"
SHAPE = (240, 200)
PONI = """poni_version: 2.1
Detector: Detector
Detector_config: {"pixel1": 0.0005, "pixel2": 0.0005, "max_shape": [240, 200], "orientation": 3}
Distance: 0.25
Poni1: 0.0
Poni2: 0.0
Rot1: 0.0
Rot2: 0.0
Rot3: 0.0
Wavelength: 2.0664e-11
"""
RECIPE = Recipe(npt=400, unit="q_nm^-1", radial_range=(8.0, 62.0), polarization_factor=0.99)
NMC811 = load_material(CONFIGS / "materials" / "nmc811.toml")
A, C = 2.8650, 14.2400
"""Å, the lattice that the frames show."""
ACQUIRE_S, PERIOD_S = 1.0, 1.5

RAMPS = {
    "stack_pressure": (20.0, 84.0, 0.05),
    "stack_pressure_uncertainty": (2.0, 0.4, 0.001),
    "temperature": (2.0, 25.0, 0.01),
    "voltage": (2.0, 3.1, 0.002),
    "current": (2.0, 196e-6, 0.0),
    "charge": (2.0, 0.0, 196e-6 / 3600),
    "piezo_drive": (20.0, 60.0, 0.1),
}
"""Quantity → samples/s, value at the start of the run, change per s."""


def at(seconds: float) -> int:
    """UTC, ns since the epoch, of a moment of the run."""
    return START_NS + round(seconds * NS)


def ramp(quantity: str, seconds: float) -> float:
    """Value of a quantity at a moment of the run."""
    _, start, slope = RAMPS[quantity]
    return start + slope * seconds


def image(number: int, shape: tuple[int, int] = SHAPE) -> NDArray[np.int32]:
    """One quadrant of powder rings, as a photon counter sees it."""
    rows, columns = np.indices(shape)
    radius = np.hypot(rows + 0.5, columns + 0.5) * 0.5e-3
    q = 4 * np.pi / 0.020664 * np.sin(np.arctan(radius / 0.25) / 2)
    lines = scattering_vector("hexagonal", NMC811.phase.reflections, A, C)
    rings = sum(400 * np.exp(-0.5 * ((q - line) / 0.15) ** 2) for line in lines)
    counts = np.random.default_rng(number).poisson(20 + rings)
    counts[:, 100] = -1
    return counts.astype(np.int32)


class MadeRun:
    """One run under a root.

    Parameters
    ----------
    root : Path
        State root; data go to ``root/data``.
    frames, per_file : int
        How many, and how many at most in a file.
    """

    def __init__(
        self, root: Path, frames: int = 5, per_file: int = 3, lattice: LatticeModel | None = None, scan_id: int = 7
    ) -> None:
        self.root, self.frames, self.per_file, self.scan_id = root, frames, per_file, scan_id
        self.data = root / "data"
        self.raw = self.data / "raw" / "20260301" / "0123abcd"
        self.configuration = load(CONFIGS / "simulated.toml").model_dump(mode="json")
        self._lattice = lattice
        self.documents = list(self._documents())

    @property
    def uid(self) -> str:
        return str(self.documents[0][1]["uid"])

    @property
    def journal(self) -> Path:
        return self.root / "journal" / f"{self.uid}.jsonl"

    @property
    def file(self) -> Path:
        return self.data / "processed" / "20260301" / f"{self.scan_id:05d}_{self.uid[:8]}.nxs"

    def end_of(self, frame: int) -> float:
        """S from the start to the end of an exposure."""
        return 2.0 + PERIOD_S * frame + ACQUIRE_S

    @property
    def duration(self) -> float:
        """S from start to stop document."""
        return self.end_of(self.frames - 1) + 1.0

    def raw_file(self, number: int) -> Path:
        return self.raw / f"frames_{number:06d}.h5"

    def write_frames(self, missing: Sequence[int] = ()) -> None:
        """Write the raw files, without those of the numbers given."""
        for number in range(-(-self.frames // self.per_file)):
            if number not in missing:
                count = min(self.per_file, self.frames - number * self.per_file)
                with self.open_raw(number) as append:
                    for index in range(count):
                        append(number * self.per_file + index)

    @contextmanager
    def open_raw(self, number: int) -> Iterator[Any]:
        """Open a raw file as areaDetector does, in SWMR mode; gives what appends a frame."""
        self.raw.mkdir(parents=True, exist_ok=True)
        with h5py.File(self.raw_file(number), "w", libver="latest") as file:
            frames = file.create_dataset(
                "/entry/data/data",
                shape=(0, *SHAPE),
                maxshape=(None, *SHAPE),
                chunks=(1, *SHAPE),
                dtype="int32",
                **hdf5plugin.Bitshuffle(cname="lz4"),
            )
            names = ("NDArrayUniqueId", "NDArrayEpicsTSSec", "NDArrayEpicsTSnSec")
            stamps = [
                file.create_dataset(
                    f"/entry/instrument/NDAttributes/{name}", shape=(0,), maxshape=(None,), chunks=(16,), dtype="int64"
                )
                for name in names
            ]
            file.swmr_mode = True

            def append(frame: int) -> None:
                seconds, nanoseconds = divmod(at(self.end_of(frame)), NS)
                for dataset, value in zip(
                    (frames, *stamps),
                    (image(frame), frame + 1, seconds - EPICS_EPOCH_S, nanoseconds),
                    strict=True,
                ):
                    dataset.resize(len(dataset) + 1, axis=0)
                    dataset[-1] = value
                    dataset.flush()

            yield append

    def write_log(
        self,
        start: float = -5.0,
        end: float | None = None,
        invalid: dict[str, tuple[float, float]] | None = None,
        further: Callable[[EnvironmentLog], None] = lambda log: None,
    ) -> None:
        """Write the environment log from ``start`` to ``end`` s, some quantities not to be trusted for a while.

        ``further`` may write more into it before it is closed.
        """
        last = self.duration + 3.0 if end is None else end
        log = EnvironmentLog(self.root / "environment")
        for quantity, (rate, _, _) in RAMPS.items():
            low, high = (invalid or {}).get(quantity, (np.inf, -np.inf))
            for k in range(int(np.ceil(start * rate)), int(last * rate) + 1):
                seconds = k / rate
                bad = low <= seconds <= high
                value = 1e9 if bad else ramp(quantity, seconds)
                log.append(quantity, Reading(value, at(seconds), Quality.INVALID if bad else Quality.GOOD))
        further(log)
        log.close(at(last))

    def write_journal(self, count: int | None = None) -> None:
        """Write the first documents (all of them by default) into the journal, and let it go."""
        journal = Journal(self.root / "journal")
        for name, document in self.documents[:count]:
            journal(name, document)
        journal.close()

    def _documents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        configuration = self.configuration
        run = event_model.compose_run(
            time=START_NS / NS,
            metadata={
                "scan_id": self.scan_id,
                "plan_name": "operando_cycle",
                "cell": configuration["cell"],
                "operando": {
                    "version": "0.1.0",
                    "configuration": configuration,
                    "poni": PONI,
                    "recipe": asdict(RECIPE),
                    "lattice": asdict(self._lattice) if self._lattice else None,
                },
            },
        )
        yield "start", plain(run.start_doc)
        image_key = {"source": "SIM:DET:", "dtype": "array", "shape": [1, *SHAPE], "external": "STREAM:"}
        pressure_key = {"source": "SIM:PRESSURE:READBACK", "dtype": "number", "shape": [], "units": "MPa"}
        acquire_key = {"source": "SIM:DET:cam1:AcquireTime", "dtype": "number", "shape": []}
        descriptor = run.compose_descriptor(
            name="xrd",
            time=at(1.0) / NS,
            data_keys={"detector_image": image_key, "stack_pressure": pressure_key},
            object_keys={"detector": ["detector_image"], "stack_pressure": ["stack_pressure"]},
            configuration={
                "detector": {
                    "data": {"detector_acquire_time": ACQUIRE_S},
                    "timestamps": {"detector_acquire_time": START_NS / NS},
                    "data_keys": {"detector_acquire_time": acquire_key},
                }
            },
        )
        yield "descriptor", plain(descriptor.descriptor_doc)
        for frame in range(self.frames):
            index = frame % self.per_file
            if index == 0:
                resource = event_model.compose_stream_resource(
                    start=run.start_doc,
                    mimetype="application/x-hdf5",
                    uri=f"file://localhost{self.raw_file(frame // self.per_file)}",
                    data_key="detector_image",
                    parameters={"dataset": "/entry/data/data", "swmr": True, "chunk_shape": [1, *SHAPE]},
                )
                yield "stream_resource", plain(resource.stream_resource_doc)
            yield (
                "stream_datum",
                plain(
                    resource.compose_stream_datum(
                        indices={"start": index, "stop": index + 1},
                        seq_nums={"start": frame + 1, "stop": frame + 2},
                        descriptor=descriptor.descriptor_doc,
                    )
                ),
            )
            moment = at(self.end_of(frame) + 0.1) / NS
            event = descriptor.compose_event(
                data={"stack_pressure": 84.0}, timestamps={"stack_pressure": moment}, time=moment, validate=False
            )
            yield "event", plain(event)
        yield "stop", plain(run.compose_stop(time=at(self.duration) / NS))


def plain(document: Any) -> dict[str, Any]:
    """Return a document as the journal gives it back."""
    return dict(json.loads(json.dumps(document)))
