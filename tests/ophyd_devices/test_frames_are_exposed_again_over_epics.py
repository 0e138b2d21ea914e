"""A frame that its file did not take is exposed again once the folder takes files, and announced once."""

import itertools
import shutil
import threading
from pathlib import Path
from typing import Any
from unittest.mock import patch

import h5py
import hdf5plugin  # noqa: F401 (registers the filter that the frames are written with)
import pytest
from toy_endstation import Client

from operando.devices import FrameDetector
from operando.errors import EndstationError, OperandoError


class Site:
    """Gives folders in a data root that a test can take away."""

    def __init__(self, client: Client) -> None:
        self.data_root = client.tmp_path / "data"
        self.data_root.mkdir()
        self._numbers = itertools.count()

    def folder(self) -> Path:
        if not self.data_root.is_dir():
            raise EndstationError(f"{self.data_root}: not there")
        made = self.data_root / f"frames_{next(self._numbers)}"
        made.mkdir()
        return made


def detector(client: Client, site: Site, frames_per_file: int = 100) -> FrameDetector:
    device = FrameDetector("SIM:DET:", frames_folder=site.folder, frames_per_file=frames_per_file, name="detector")
    device.wait_for_connection(timeout=10)
    device.configure({"acquire_time": 0.02})
    return device


def announced(device: FrameDetector) -> list[tuple[Path, int]]:
    """Files and indices of what is announced now."""
    frames: list[tuple[Path, int]] = []
    for name, doc in device.collect_asset_docs():
        if name == "stream_resource":
            device.last_file = Path(doc["uri"].removeprefix("file://localhost"))
        else:
            frames.append((device.last_file, doc["indices"]["start"]))
    return frames


def assert_readable(frames: list[tuple[Path, int]]) -> None:
    for path, index in frames:
        with h5py.File(path, "r", libver="latest", swmr=True) as file:
            assert (file["/entry/data/data"][index] > 0).any()


def test_a_removed_folder_is_made_again_and_the_frame_exposed_again(client: Client) -> None:
    site = Site(client)
    device = detector(client, site)
    device.stage()
    device.trigger().wait(timeout=20)
    ((first, _),) = announced(device)
    shutil.rmtree(first.parent)
    with patch("operando.devices.frame_detector.FIRST_PAUSE", 0.1):
        device.trigger().wait(timeout=30)
    frames = announced(device)
    assert len(frames) == 1
    assert frames[0][0] != first
    assert_readable(frames)
    device.trigger().wait(timeout=20)
    assert_readable(announced(device))
    device.unstage()


def test_a_data_root_that_is_away_is_waited_for_and_not_made(client: Client) -> None:
    site = Site(client)
    device = detector(client, site, frames_per_file=1)
    device.stage()
    device.trigger().wait(timeout=20)
    announced(device)
    away = site.data_root.rename(client.tmp_path / "away")
    with patch("operando.devices.frame_detector.FIRST_PAUSE", 0.1):
        status = device.trigger()
        client.let_pass(3.0)
        assert not status.done
        assert not site.data_root.exists()
        assert device.trigger() is status
        away.rename(site.data_root)
        status.wait(timeout=30)
    frames = announced(device)
    assert len(frames) == 1
    assert_readable(frames)
    device.unstage()


def test_a_plan_that_ends_meanwhile_ends_the_waiting(client: Client) -> None:
    site = Site(client)
    device = detector(client, site)
    device.stage()
    device.trigger().wait(timeout=20)
    announced(device)
    shutil.rmtree(site.data_root)
    status = device.trigger()
    client.let_pass(1.0)
    device.unstage()
    with pytest.raises(OperandoError, match="its plan ended before the frame was on disk"):
        status.wait(timeout=5)
    assert announced(device) == []
    assert not site.data_root.exists()


def test_numbers_of_frames_go_on_after_the_iocs_own_begin_anew(client: Client) -> None:
    site = Site(client)
    device = detector(client, site)
    device.stage()
    device.trigger().wait(timeout=20)
    ((first, _),) = announced(device)
    with h5py.File(first, "r", libver="latest", swmr=True) as file:
        number = int(file["/entry/instrument/NDAttributes/NDArrayUniqueId"][0])
    shutil.rmtree(first.parent)
    client.caput("SIM:DET:cam1:ArrayCounter", 0)  # as a restarted IOC has it
    with patch("operando.devices.frame_detector.FIRST_PAUSE", 0.1):
        device.trigger().wait(timeout=30)
    ((again, index),) = announced(device)
    with h5py.File(again, "r", libver="latest", swmr=True) as file:
        assert int(file["/entry/instrument/NDAttributes/NDArrayUniqueId"][index]) == number + 1
    device.unstage()


def test_a_plan_that_ends_while_the_ioc_is_slow_opens_no_file_and_exposes_nothing(client: Client) -> None:
    site = Site(client)
    device = detector(client, site)
    device.stage()
    device.trigger().wait(timeout=20)
    ((first, _),) = announced(device)
    shutil.rmtree(first.parent)
    write, at_it, answered = device.write, threading.Event(), threading.Event()

    def write_slowly(signal: Any, value: Any) -> None:
        write(signal, value)
        if signal is device.file_path:
            at_it.set()
            answered.wait(20)

    with patch("operando.devices.frame_detector.FIRST_PAUSE", 0.1), patch.object(device, "write", write_slowly):
        status = device.trigger()
        assert at_it.wait(20)
        exposed = device.array_counter.get(use_monitor=False)
        device.unstage()
        answered.set()
        with pytest.raises(OperandoError, match="its plan ended before the frame was on disk"):
            status.wait(timeout=20)
    assert not device.capturing.get(use_monitor=False)
    assert device.array_counter.get(use_monitor=False) == exposed
    assert announced(device) == []
