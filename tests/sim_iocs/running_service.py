"""The simulated IOCs in a process of their own, fed with a cell that stands still unless told otherwise."""

import dataclasses
import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from caproto.sync import client
from simulated_setup import simulated_setup
from waiting import wait_until

from operando.endstation.ports import free_port
from operando.sim.cell.state import TrueState
from operando.sim.iocs.service import run
from operando.sim.setup import Setup

PATIENCE = 20.0
"""s, how long a condition may take on a loaded machine."""


caprotos_search = client.search


def search_from_a_port_of_its_own(pv_name: str, _: socket.socket, timeout: float) -> tuple[str, int]:
    """Search from a UDP socket that shares its port with no other.

    caproto lets its clients share ports (SO_REUSEPORT): of two given the same one, the wrong one may get every
    answer, and a client that opens a socket for each reading meets another sooner or later.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("", 0))
        address: tuple[str, int] = caprotos_search(pv_name, own, timeout)
        return address


client.search = search_from_a_port_of_its_own


def true_state(time_ns: int, **changes: float) -> TrueState:
    """A pristine cell at 85 MPa."""
    pristine = TrueState(time_ns, 85.0, 25.0, 0.0, 0.0, 2.8704, 14.1918, 2.2, 0.0, 40.0)
    return dataclasses.replace(pristine, **changes)


class Service:
    """A running service, its records as an EPICS client sees them, and the cell that it is told."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.cell: dict[str, float] = {}
        context = multiprocessing.get_context("spawn")
        self.states, theirs = context.Pipe()
        self.process = context.Process(target=run, args=(setup, theirs))
        self.process.start()
        theirs.close()
        assert self.states.poll(60.0)
        assert self.states.recv() == "ready"
        self._fed = threading.Event()
        self._feeder = threading.Thread(target=self._feed)
        self._feeder.start()
        self.acquire_a_dark_frame()

    def _feed(self) -> None:
        while not self._fed.wait(0.02):
            self.states.send(true_state(time.time_ns(), **self.cell))

    def acquire_a_dark_frame(self) -> None:
        """Wait until the first state has arrived, without which the detector refuses."""
        self.put("DET:cam1:AcquireTime", 0.01)
        wait_until(lambda: self.put("DET:cam1:Acquire", 1) or self.get("DET:cam1:ArrayCounter_RBV") > 0)
        self.put("DET:cam1:ArrayCounter", 0)

    def get(self, name: str) -> Any:
        """Read a record: a number, an index of an enumeration, or text."""
        data = client.read(self.setup.prefix + name, repeater=False, timeout=PATIENCE, force_int_enums=True).data
        return bytes(data).rstrip(b"\0").decode() if data.dtype.itemsize == 1 else data[0].item()

    def put(self, name: str, value: Any, *, wait: bool = True, patience: float = PATIENCE) -> None:
        """Write a record; with ``wait``, until it says that it is done."""
        data = value.encode() + b"\0" if isinstance(value, str) else value
        client.write(self.setup.prefix + name, data, notify=wait, repeater=False, timeout=patience)

    def wait_for(self, name: str, value: Any) -> None:
        """Poll a record until it has a value."""
        wait_until(lambda: self.get(name) == value)

    def capture(self, folder: Path) -> Path:
        """Begin a capture in a new folder and return the file's path."""
        self.put("DET:HDF1:CreateDirectory", -5)
        self.put("DET:HDF1:FileNumber", 0)
        self.put("DET:HDF1:FilePath", str(folder))
        self.put("DET:HDF1:Capture", 1, wait=False)
        self.wait_for("DET:HDF1:Capture_RBV", 1)
        assert self.get("DET:HDF1:FullFileName_RBV") == ""  # LazyOpen: it has its name with its first frame
        return folder / "frames_000000.h5"

    def expose(self, seconds: float, images: int = 1) -> None:
        """Acquire images and wait until they are on disk."""
        before = self.get("DET:HDF1:NumCaptured_RBV")
        self.put("DET:cam1:AcquireTime", seconds)
        self.put("DET:cam1:AcquirePeriod", seconds)
        self.put("DET:cam1:ImageMode", 1)
        self.put("DET:cam1:NumImages", images)
        self.put("DET:cam1:Acquire", 1)
        self.wait_for("DET:HDF1:NumCaptured_RBV", before + images)

    def truth(self, file: Path) -> list[dict[str, Any]]:
        """Lines of the truth log that speak of a file."""
        log = self.setup.root / "sim" / "truth.jsonl"
        return [line for line in map(json.loads, log.read_text().splitlines()) if line["file"] == str(file)]

    def stop_feeding(self) -> None:
        """End the pipe."""
        self._fed.set()
        self._feeder.join()
        self.states.close()

    def close(self) -> None:
        """End the pipe and the process."""
        self.stop_feeding()
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
        assert self.process.exitcode == 0
        self.process.close()


def make_setup(root: Path, **changes: Any) -> Setup:
    """A detector that shows whole rings; ``shape`` and ``poni`` as shipped make the full one."""
    values: dict[str, Any] = {
        "ca_port": free_port(), "seed": 7, "charge": (0.0, 200.0), "a": (2.8704, 2.815), "c": (14.1918, 14.4),
        "shape": (300, 280), "rot1": 0.004, "rot2": -0.003,
    }  # fmt: skip
    return simulated_setup(root, **(values | changes))


def serving(setup: Setup) -> Iterator[Service]:
    """A service, reachable by the client of this process while the test runs."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{setup.ca_port}")
        environment.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
        service = Service(setup)
        try:
            yield service
        finally:
            service.close()
