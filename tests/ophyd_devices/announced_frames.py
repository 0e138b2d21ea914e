"""A staged detector and what it announces of a flight, for the tests of flights."""

import itertools
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import h5py
import hdf5plugin  # noqa: F401 (registers the filter that the frames are written with)
from toy_endstation import Client

from operando.devices import FrameDetector
from operando.vocabulary import Flight

ROOM = 1000
"""Frames in the queue of the file plugin: nothing is dropped because this machine is busy."""
NUMBERS = "/entry/instrument/NDAttributes/NDArrayUniqueId"


def detector(client: Client, frames_per_file: int = 100) -> FrameDetector:
    numbers = itertools.count()

    def folder() -> Path:
        made = client.tmp_path / f"frames_{next(numbers)}"
        made.mkdir(parents=True)
        return made

    device = FrameDetector("SIM:DET:", frames_folder=folder, frames_per_file=frames_per_file, name="detector")
    device.wait_for_connection(timeout=10)
    client.caput("SIM:DET:HDF1:QueueSize", ROOM)
    device.stage()
    return device


class Announced:
    """What a detector announces: (file, index) of each frame."""

    def __init__(self, device: FrameDetector) -> None:
        self._device = device
        self._files: dict[str, Path] = {}
        self.batches: list[tuple[Path, int, int]] = []

    def collect(self) -> int:
        """Take what there is now, as one ``collect`` does; return how many stream data that were."""
        data = 0
        for name, doc in self._device.collect_asset_docs():
            if name == "stream_resource":
                self._files[doc["uid"]] = Path(unquote(urlparse(doc["uri"]).path))
            else:
                data += 1
                indices = doc["indices"]
                self.batches.append((self._files[doc["stream_resource"]], indices["start"], indices["stop"]))
        return data

    @property
    def frames(self) -> list[tuple[Path, int]]:
        return [(file, index) for file, start, stop in self.batches for index in range(start, stop)]

    def column(self, name: str) -> list[int]:
        found = []
        for file, index in self.frames:
            with h5py.File(file, "r", libver="latest", swmr=True) as h5:
                found.append(int(h5[name][index]))
        return found


def fly(client: Client, device: FrameDetector, flight: Flight, announced: Announced) -> None:
    """A plan's way through a flight."""
    device.prepare(flight).wait(timeout=5)
    device.kickoff().wait(timeout=20)
    ending = device.complete()
    while not ending.done:
        announced.collect()
        client.let_pass(0.02)
    ending.wait(timeout=1)
    announced.collect()
    assert device.outstanding == 0


def missing_of(device: FrameDetector) -> list[dict[str, Any]]:
    return list(json.loads(device.account.missing.get()))
