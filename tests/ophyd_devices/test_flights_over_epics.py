"""A flight: frames at the camera's own pace, announced in batches, in as many files as they need, none forgotten."""

import shutil
from unittest.mock import patch

import h5py
import hdf5plugin  # noqa: F401 (registers the filter that the frames are written with)
import numpy as np
import pytest
from toy_endstation import Client

from operando.errors import InstrumentRefused, OperandoError
from operando.vocabulary import Flight
from ophyd_devices.announced_frames import NUMBERS, ROOM, Announced, detector, fly, missing_of

SECONDS, NANOSECONDS = (f"/entry/instrument/NDAttributes/NDArrayEpicsTS{part}" for part in ("Sec", "nSec"))


def test_each_frame_of_a_flight_is_announced_once_and_in_its_order(client: Client) -> None:
    device = detector(client)
    announced = Announced(device)
    fly(client, device, Flight(frames=12, exposure=0.01, period=0.03), announced)
    device.unstage()
    assert [index for _, index in announced.frames] == list(range(12))
    numbers = announced.column(NUMBERS)
    assert numbers == list(range(numbers[0], numbers[0] + 12))
    assert device.get_index() == 12
    assert device.account.frames.get() == 12
    assert device.account.missing.get() == "[]"
    assert device.read_configuration()["detector_acquire_time"]["value"] == pytest.approx(0.01)
    ends = np.array(announced.column(SECONDS)) + 1e-9 * np.array(announced.column(NANOSECONDS))
    assert np.diff(ends).min() >= 0.01
    assert np.median(np.diff(ends)) == pytest.approx(0.03, rel=0.5)


def test_a_flight_fills_as_many_files_as_it_needs_without_losing_a_frame(client: Client) -> None:
    device = detector(client, frames_per_file=5)
    device.configure({"acquire_time": 0.01})
    device.trigger().wait(timeout=20)  # what is in the file already counts
    announced = Announced(device)
    announced.collect()
    fly(client, device, Flight(frames=16, exposure=0.005, period=0.01), announced)
    device.unstage()
    lengths = {}
    for file in sorted({file for file, _ in announced.frames}):
        with h5py.File(file, "r") as h5:
            lengths[file.name] = len(h5["/entry/data/data"])
    assert list(lengths.values()) == [5, 5, 5, 2]
    numbers = announced.column(NUMBERS)
    assert numbers == list(range(numbers[0], numbers[0] + 17))


def test_one_collect_announces_frames_of_one_file_alone(client: Client) -> None:
    device = detector(client, frames_per_file=3)
    device.prepare(Flight(frames=8, exposure=0.005))
    device.kickoff().wait(timeout=20)
    client.until(lambda: device.get_index() == 8)
    ending = device.complete()
    announced = Announced(device)
    client.let_pass(0.3)
    assert not ending.done, "frames of three files wait, and one collect announces those of one"
    assert [announced.collect() for _ in range(4)] == [1, 1, 1, 0]
    ending.wait(timeout=5)
    device.unstage()
    assert len({file for file, _ in announced.frames}) == 3
    assert len(announced.frames) == 8


def test_frames_that_nobody_collects_are_not_passed_over(client: Client) -> None:
    device = detector(client, frames_per_file=2)
    device.prepare(Flight(frames=5, exposure=0.005))
    device.kickoff().wait(timeout=20)
    with (
        patch("operando.devices.frame_detector.UNCOLLECTED_TIME", 0.5),
        pytest.raises(OperandoError, match="5 frames in 3 files are on disk and nobody collects them"),
    ):
        device.complete().wait(timeout=20)
    device.unstage()


def test_a_flight_that_is_held_goes_on_with_what_is_left(client: Client) -> None:
    device = detector(client)
    number = device.exposed()
    device.prepare(Flight(frames=30, exposure=0.01, period=0.03))
    device.kickoff().wait(timeout=20)
    ending = device.complete()
    client.until(lambda: device.get_index() >= 5)
    device.pause()
    client.until(lambda: not device.is_acquiring())
    client.until(lambda: device.get_index() == device.exposed() - number)
    held = device.get_index()
    client.let_pass(0.3)
    assert device.get_index() == held < 30
    device.resume()
    ending.wait(timeout=20)
    announced = Announced(device)
    announced.collect()
    device.unstage()
    assert len(announced.frames) == 30
    numbers = announced.column(NUMBERS)
    assert numbers == list(range(numbers[0], numbers[0] + 30))


def test_a_flight_that_is_stopped_keeps_what_was_exposed(client: Client) -> None:
    device = detector(client)
    device.prepare(Flight(frames=500, exposure=0.01, period=0.02))
    device.kickoff().wait(timeout=20)
    ending = device.complete()
    client.until(lambda: device.get_index() >= 4)
    device.stop()
    ending.wait(timeout=20)
    announced = Announced(device)
    announced.collect()
    assert 4 <= len(announced.frames) < 500
    assert device.outstanding == 0
    with h5py.File(announced.frames[0][0], "r", libver="latest", swmr=True) as file:
        assert len(file[NUMBERS]) == len(announced.frames)
    device.unstage()


def test_a_plan_that_ends_in_mid_flight_closes_a_whole_file(client: Client) -> None:
    device = detector(client)
    device.prepare(Flight(frames=500, exposure=0.01, period=0.02))
    device.kickoff().wait(timeout=20)
    client.until(lambda: device.get_index() >= 3)
    device.unstage()
    assert not device.is_acquiring()
    assert not device.is_capturing()
    with h5py.File(device.open_file_name(), "r") as file:
        assert len(file["/entry/data/data"]) == device.get_index() >= 3


def test_a_session_that_was_killed_in_mid_flight_is_followed_by_one_with_a_camera_at_rest(client: Client) -> None:
    killed = detector(client)
    killed.prepare(Flight(frames=500, exposure=0.01, period=0.02))
    killed.kickoff().wait(timeout=20)
    client.until(lambda: killed.get_index() >= 3)
    killed._flight.errand.give_up(OperandoError("killed"))
    assert killed.is_acquiring()
    device = detector(Client(client.tmp_path / "next"))
    assert not device.is_acquiring()
    announced = Announced(device)
    fly(client, device, Flight(frames=4, exposure=0.01), announced)
    device.unstage()
    assert [index for _, index in announced.frames] == [0, 1, 2, 3]


def test_a_queue_that_is_full_loses_frames_and_the_account_says_which(client: Client) -> None:
    device = detector(client)
    dropped = device.dropped()
    client.caput("SIM:DET:HDF1:QueueSize", 0)
    device.prepare(Flight(frames=6, exposure=0.01, period=0.03))
    device.kickoff().wait(timeout=20)
    ending = device.complete()
    client.until(lambda: device.dropped() > dropped)
    client.caput("SIM:DET:HDF1:QueueSize", ROOM)
    ending.wait(timeout=20)
    announced = Announced(device)
    announced.collect()
    device.unstage()
    (missing,) = missing_of(device)
    assert len(announced.frames) + missing["count"] == 6
    assert "queue of 1000 was full" in missing["reason"]
    assert missing["through"] - missing["after"] == 6
    assert all(missing["after"] < number <= missing["through"] for number in announced.column(NUMBERS))


def test_exposures_that_the_camera_loses_are_a_hole_in_the_numbers_and_accounted_for(client: Client) -> None:
    device = detector(client)
    device.prepare(Flight(frames=30, exposure=0.01, period=0.03))
    device.kickoff().wait(timeout=20)
    ending = device.complete()
    client.until(lambda: device.get_index() >= 5)
    client.caput("SIM:DET:cam1:ArrayCallbacks", 0)  # the camera goes on, and nothing comes of it
    client.let_pass(0.15)
    client.caput("SIM:DET:cam1:ArrayCallbacks", 1)
    ending.wait(timeout=20)
    announced = Announced(device)
    announced.collect()
    device.unstage()
    (missing,) = missing_of(device)
    numbers = announced.column(NUMBERS)
    assert "the camera lost them" in missing["reason"]
    assert missing["count"] == 30 - len(numbers) == numbers[-1] - numbers[0] + 1 - len(numbers) > 0
    assert (missing["after"], missing["through"]) == (numbers[0] - 1, numbers[-1])


def test_a_dropped_step_is_exposed_again(client: Client) -> None:
    device = detector(client)
    device.configure({"acquire_time": 0.02})
    dropped = device.dropped()
    client.caput("SIM:DET:HDF1:QueueSize", 0)
    with patch("operando.devices.frame_detector.FIRST_PAUSE", 0.1):
        status = device.trigger()
        client.until(lambda: device.dropped() > dropped)
        client.caput("SIM:DET:HDF1:QueueSize", ROOM)
        status.wait(timeout=20)
    announced = Announced(device)
    announced.collect()
    device.unstage()
    assert len(announced.frames) == 1
    assert [each["count"] for each in missing_of(device)].count(1) >= 1


def test_a_folder_that_goes_away_in_mid_flight_is_made_elsewhere(client: Client) -> None:
    device = detector(client, frames_per_file=10)
    announced = Announced(device)
    device.prepare(Flight(frames=40, exposure=0.01, period=0.03))
    with patch("operando.devices.flying_frames.FIRST_PAUSE", 0.1):
        device.kickoff().wait(timeout=20)
        ending = device.complete()
        client.until(lambda: device.get_index() >= 3)
        announced.collect()
        shutil.rmtree(announced.frames[0][0].parent)
        while not ending.done:
            announced.collect()
            client.let_pass(0.02)
    ending.wait(timeout=1)
    announced.collect()
    device.unstage()
    kept = [(file, index) for file, index in announced.frames if file.exists()]
    assert len({file.parent for file, _ in announced.frames}) == 2
    assert len(kept) >= 20
    assert sum(each["count"] for each in missing_of(device)) + len(announced.frames) == 40


def test_two_flights_at_once_are_refused(client: Client) -> None:
    device = detector(client)
    with pytest.raises(InstrumentRefused, match="kickoff without prepare"):
        device.kickoff()
    device.prepare(Flight(frames=200, exposure=0.01, period=0.02))
    device.kickoff().wait(timeout=20)
    with pytest.raises(InstrumentRefused, match="kickoff while a flight is under way"):
        device.kickoff()
    with pytest.raises(InstrumentRefused, match="trigger while a flight is under way"):
        device.trigger()
    device.unstage()
