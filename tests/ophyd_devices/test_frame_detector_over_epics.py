"""A frame is announced once it is in its file, and files are changed without losing one."""

import itertools
from pathlib import Path
from unittest.mock import patch
from urllib.parse import unquote, urlparse

import event_model
import h5py
import hdf5plugin  # noqa: F401 (registers the filter that the frames are written with)
import pytest
from toy_endstation import Client

from operando.devices import FrameDetector
from operando.errors import InstrumentRefused, NoReply


def detector(client: Client, frames_per_file: int = 100) -> FrameDetector:
    numbers = itertools.count()

    def folder() -> Path:
        made = client.tmp_path / f"frames_{next(numbers)}"
        made.mkdir()
        return made

    device = FrameDetector("SIM:DET:", frames_folder=folder, frames_per_file=frames_per_file, name="detector")
    device.wait_for_connection(timeout=10)
    device.configure({"acquire_time": 0.02})
    return device


def take(device: FrameDetector) -> list[tuple[str, dict]]:
    device.trigger().wait(timeout=20)
    return list(device.collect_asset_docs())


def path_of(resource: dict) -> Path:
    return Path(unquote(urlparse(resource["uri"]).path))


def test_a_trigger_is_done_when_its_frame_is_on_disk(client: Client) -> None:
    device = detector(client)
    device.stage()
    (_, resource), (_, datum) = take(device)
    with h5py.File(path_of(resource), "r", libver="latest", swmr=True) as file:
        assert file[resource["parameters"]["dataset"]].shape == (1, 40, 60)
    assert datum["indices"] == {"start": 0, "stop": 1}
    device.unstage()
    assert not device.capturing.get(use_monitor=False)


def test_frames_lie_in_the_folder_that_was_made_for_them(client: Client) -> None:
    device = detector(client)
    device.stage()
    (_, resource), _ = take(device)
    device.unstage()
    relative = path_of(resource).relative_to(client.tmp_path)
    assert str(relative) == "frames_0/frames_000000.h5"


def test_a_full_file_is_followed_by_the_next_without_losing_a_frame(client: Client) -> None:
    device = detector(client, frames_per_file=2)
    device.stage()
    documents = [document for _ in range(5) for document in take(device)]
    device.unstage()
    resources = [doc for name, doc in documents if name == "stream_resource"]
    assert [path_of(resource).name for resource in resources] == [f"frames_{n:06d}.h5" for n in range(3)]
    indices = [doc["indices"]["start"] for name, doc in documents if name == "stream_datum"]
    assert indices == [0, 1, 0, 1, 0]
    frames = 0
    for resource in resources:
        with h5py.File(path_of(resource), "r") as file:
            frames += len(file["/entry/data/data"])
    assert frames == 5
    assert device.get_index() == 5


def test_documents_are_valid_and_match_the_description(client: Client) -> None:
    device = detector(client)
    device.stage()
    described = device.describe()["detector_image"]
    assert described["external"] == "STREAM:"
    assert (described["shape"], described["dtype_numpy"]) == ([1, 40, 60], "<i4")
    for name, doc in take(device):
        if name == "stream_resource":
            event_model.schema_validators[event_model.DocumentNames.stream_resource].validate(doc)
            assert doc["parameters"] == {"dataset": "/entry/data/data", "swmr": True, "chunk_shape": [1, 40, 60]}
            assert doc["data_key"] == "detector_image"
    assert device.read() == {}
    assert device.read_configuration()["detector_acquire_time"]["value"] == pytest.approx(0.02)
    device.unstage()


def test_a_frame_that_was_taken_again_is_announced_once(client: Client) -> None:
    device = detector(client)
    device.stage()
    device.trigger().wait(timeout=20)
    documents = take(device)
    device.unstage()
    assert [name for name, _ in documents] == ["stream_resource", "stream_datum"]
    assert documents[1][1]["indices"] == {"start": 1, "stop": 2}


def test_a_frame_that_does_not_arrive_fails_by_its_name(client: Client) -> None:
    device = detector(client)
    device.stage()
    device.capture.put(0)
    client.until(lambda: not device.capturing.get(use_monitor=False))
    with (
        patch("operando.devices.frame_detector.READOUT_TIME", 0.5),
        pytest.raises(NoReply, match=r"detector: frame 1 is not on disk .*SIM:DET:HDF1:NumCaptured_RBV = 0"),
    ):
        device.trigger().wait(timeout=20)
    device.unstage()


def test_a_configuration_that_is_not_one_is_refused(client: Client) -> None:
    with pytest.raises(InstrumentRefused, match="no 'gain'; allowed: acquire_time"):
        detector(client).configure({"gain": 2})
