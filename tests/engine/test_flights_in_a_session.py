"""Flights in the whole RunEngine process: what the journal says of them, and that the frames are where it says."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlparse

import event_model
import h5py
import pytest
from toy_endstation import Client

NUMBERS = "/entry/instrument/NDAttributes/NDArrayUniqueId"


def session(client: Client) -> ModuleType:
    """Import the session, once for all tests of this process."""
    os.environ.setdefault("OPERANDO_CONFIG", str(Path(str(files("operando.configs"))) / "simulated.toml"))
    os.environ.setdefault("OPERANDO_ROOT", str(client.tmp_path))
    import operando.startup

    client.caput("SIM:DET:HDF1:QueueSize", 1000)  # nothing is dropped because this machine is busy
    return operando.startup


def journal(uid: str) -> list[tuple[str, dict[str, Any]]]:
    from operando.journal import read_journal

    documents = list(read_journal(Path(os.environ["OPERANDO_ROOT"]) / "journal" / f"{uid}.jsonl"))
    for name, doc in documents:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(doc)
    return documents


def numbers_of(documents: list[tuple[str, dict[str, Any]]]) -> list[int]:
    """The detector's own numbers of the announced frames, out of the files, in the order of announcement."""
    paths = {
        doc["uid"]: Path(unquote(urlparse(doc["uri"]).path)) for name, doc in documents if name == "stream_resource"
    }
    numbers: list[int] = []
    for name, doc in documents:
        if name == "stream_datum":
            with h5py.File(paths[doc["stream_resource"]], "r", libver="latest", swmr=True) as file:
                numbers += [int(n) for n in file[NUMBERS][doc["indices"]["start"] : doc["indices"]["stop"]]]
    return numbers


def sequence(documents: list[tuple[str, dict[str, Any]]]) -> list[int]:
    ranges = [doc["seq_nums"] for name, doc in documents if name == "stream_datum"]
    return [number for each in ranges for number in range(each["start"], each["stop"])]


@contextmanager
def when(here: ModuleType, frames: int, action: Callable[[], Any]) -> Iterator[None]:
    """Act once so many frames of the flight are on disk."""
    given_up = threading.Event()

    def wait() -> None:
        while here.detector._flight is None or here.detector._flight.errand.done or here.detector.get_index() < frames:
            if given_up.wait(0.02):
                return
        action()

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        given_up.set()
        thread.join()


def test_a_flight_over_several_files_is_whole_in_the_journal(client: Client) -> None:
    here = session(client)
    (uid,) = here.RE(here.fly_frames(here.detector, frames=130, exposure=0.004, period=0.01, readables=[here.stage]))
    documents = journal(uid)
    numbers = numbers_of(documents)
    assert numbers == list(range(numbers[0], numbers[0] + 130))
    assert sequence(documents) == list(range(1, 131))
    assert [name for name, _ in documents].count("stream_resource") == 2
    descriptors = {doc["name"]: doc for name, doc in documents if name == "descriptor"}
    assert descriptors["xrd"]["configuration"]["detector"]["data"]["detector_acquire_time"] == pytest.approx(0.004)
    events = [doc for name, doc in documents if name == "event"]
    assert {doc["descriptor"] for doc in events} == {descriptors["conditions"]["uid"]}
    assert events[-1]["data"]["detector_account_frames"] == 130
    assert json.loads(events[-1]["data"]["detector_account_missing"]) == []
    assert "stage_x" in events[-1]["data"]
    assert not here.detector.capturing.get(use_monitor=False)


def test_a_paused_flight_goes_on_and_is_announced_once(client: Client) -> None:
    from bluesky.utils import RunEngineInterrupted

    here = session(client)
    with when(here, 10, here.RE.request_pause), pytest.raises(RunEngineInterrupted):
        here.RE(here.fly_frames(here.detector, frames=60, exposure=0.01, period=0.02))
    client.until(lambda: not here.detector.is_acquiring())
    assert here.detector.get_index() < 60
    (uid,) = here.RE.resume()
    documents = journal(uid)
    numbers = numbers_of(documents)
    assert numbers == list(range(numbers[0], numbers[0] + 60))
    assert sequence(documents) == list(range(1, 61))


def test_an_aborted_flight_is_announced_to_its_last_frame(client: Client) -> None:
    from bluesky.utils import RunEngineInterrupted

    here = session(client)
    with when(here, 10, here.RE.request_pause), pytest.raises(RunEngineInterrupted):
        here.RE(here.fly_frames(here.detector, frames=5000, exposure=0.01, period=0.02))
    (uid,) = here.RE.abort("enough")
    documents = journal(uid)
    numbers = numbers_of(documents)
    assert numbers == list(range(numbers[0], numbers[0] + here.detector.get_index()))
    with h5py.File(here.detector.open_file_name(), "r") as file:
        assert len(file[NUMBERS]) == len(numbers) >= 10
    assert documents[-1][1]["exit_status"] == "abort"
    assert documents[-1][1]["reason"] == "enough"


def test_a_sweep_of_the_stage_is_paused_with_the_flight_and_arrives(client: Client) -> None:
    import bluesky.plan_stubs as bps
    from bluesky.utils import RunEngineInterrupted

    here = session(client)
    here.RE(bps.mv(here.stage.x, 0.0))
    sweep = here.fly_frames(here.detector, frames=60, exposure=0.01, period=0.02, motor=here.stage.x, stop=1.5)
    with when(here, 8, here.RE.request_pause), pytest.raises(RunEngineInterrupted):
        here.RE(sweep)
    (uid,) = here.RE.resume()
    assert here.stage.x.position == pytest.approx(1.5, abs=0.002)
    assert len(numbers_of(journal(uid))) == 60


def test_bursts_while_the_cell_cycles(client: Client) -> None:
    here = session(client)
    seen: list[str] = []

    def finish(name: str, doc: dict[str, Any]) -> None:
        seen.append(doc["uid"])
        if len(seen) == 3:
            client.toy("cell finished")

    devices = (here.detector, here.stack_pressure, here.heater, here.potentiostat)
    plan = here.operando_cycle(*devices, pressure=85.0, exposure=0.01, interval=0.5, burst=4)
    (uid,) = here.RE(plan, {"event": finish})
    client.toy("normal")
    documents = journal(uid)
    events = [doc for name, doc in documents if name == "event"]
    numbers = numbers_of(documents)
    assert len(numbers) == 4 * len(events) >= 12
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert {"stack_pressure", "temperature", "voltage"} <= events[0]["data"].keys()


def test_a_plan_of_ones_own_collects_while_it_waits(client: Client) -> None:
    import bluesky.plan_stubs as bps
    import bluesky.preprocessors as bpp
    from bluesky.utils import MsgGenerator

    from operando.vocabulary import Flight

    here = session(client)
    detector = here.detector

    @bpp.stage_decorator([detector])
    @bpp.run_decorator(md={"plan_name": "own"})
    def own() -> MsgGenerator[None]:
        yield from bps.prepare(detector, Flight(frames=25, exposure=0.01, period=0.02), wait=True)
        yield from bps.declare_stream(detector, name="xrd", collect=True)
        yield from bps.kickoff(detector, wait=True)
        yield from bps.collect_while_completing([detector], [detector], flush_period=0.1, stream_name="xrd")

    (uid,) = here.RE(own())
    documents = journal(uid)
    numbers = numbers_of(documents)
    assert numbers == list(range(numbers[0], numbers[0] + 25))
    assert sequence(documents) == list(range(1, 26))
