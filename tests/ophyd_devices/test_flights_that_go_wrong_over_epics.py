"""A flight whose file, counter or camera is not as it should be: no second dose, nothing booked that is not so."""

from unittest.mock import patch

from toy_endstation import Client

from operando.errors import OperandoError
from operando.vocabulary import Flight
from ophyd_devices.announced_frames import NUMBERS, Announced, detector, fly, missing_of


def test_a_folder_that_takes_no_further_file_is_left_for_another_one(client: Client) -> None:
    device = detector(client, frames_per_file=5)
    announced = Announced(device)
    (client.tmp_path / "frames_0" / "frames_000001.h5").touch()  # which the file plugin will not write over
    with (
        patch("operando.devices.flying_frames.FIRST_PAUSE", 0.1),
        patch("operando.devices.area_detector.PUT_TIME", 2.0),
    ):
        fly(client, device, Flight(frames=12, exposure=0.01), announced)
    device.unstage()
    assert [(file.parent.name, index) for file, index in announced.frames] == [
        *(("frames_0", index) for index in range(5)),
        *(("frames_1", index) for index in range(5)),
        *(("frames_1", index) for index in range(2)),
    ]
    assert device.short == 0
    assert missing_of(device) == []


def test_a_counter_that_is_set_back_gives_the_sample_no_second_dose(client: Client) -> None:
    device = detector(client)
    device.prepare(Flight(frames=30, exposure=0.01, period=0.05))
    device.kickoff().wait(timeout=20)
    ending = device.complete()
    client.until(lambda: device.get_index() >= 8)
    client.caput("SIM:DET:cam1:ArrayCounter", 0)
    ending.wait(timeout=20)
    announced = Announced(device)
    announced.collect()
    device.unstage()
    assert [index for _, index in announced.frames] == list(range(30))
    assert device.short == 0
    assert missing_of(device) == []


def test_a_trigger_behind_a_flight_that_failed_is_one_exposure(client: Client) -> None:
    device = detector(client)
    device.prepare(Flight(frames=500, exposure=0.01, period=0.05))
    device.kickoff().wait(timeout=20)
    client.until(lambda: device.get_index() >= 3)
    device._flight.errand.give_up(OperandoError("failed"))
    assert device.short <= 500 - device.get_index(), "what is on disk was exposed"
    device.trigger().wait(timeout=20)
    exposed = device.exposed()
    client.let_pass(0.3)
    assert not device.is_acquiring()
    assert device.exposed() == exposed
    announced = Announced(device)
    announced.collect()
    (number,) = announced.column(NUMBERS)
    assert number == exposed
    device.unstage()


def test_a_frame_counted_when_the_disk_fills_is_not_said_to_be_not_written(client: Client) -> None:
    device = detector(client)
    announced = Announced(device)
    refusals: list[bool] = []

    def refuse_once() -> bool:
        if refusals or device.get_index() < 3:
            return False
        client.until(lambda: device.written() > device.get_index())  # it is on disk, and no earlier look saw it
        refusals.append(True)
        return True

    with (
        patch("operando.devices.flying_frames.FIRST_PAUSE", 0.1),
        patch.object(device, "refuses", refuse_once),
        patch.object(device, "complaint", lambda: "No space left on device"),
    ):
        fly(client, device, Flight(frames=30, exposure=0.01, period=0.1), announced)
    device.unstage()
    missing = missing_of(device)
    (unsure,) = [each for each in missing if each["reason"].startswith("announced by nobody, perhaps in")]
    assert "frames_0/frames_000000.h5 all the same: No space left on device" in unsure["reason"]
    assert sum(each["count"] for each in missing) + len(announced.frames) == 30
