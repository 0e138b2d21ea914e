"""Pilatus, Eiger and Perkin-Elmer, by the records of their own areaDetector drivers: step, flight, raw frames."""

from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401 (registers the filter that the frames are written with)
import numpy as np
import pytest
from toy_endstation import Client

from operando.devices import FrameDetector
from operando.devices.detector_family import FAMILIES
from operando.errors import InstrumentRefused
from operando.vocabulary import Flight


def detector(client: Client, family: str) -> FrameDetector:
    def folder() -> Path:
        made = client.tmp_path / "frames"
        made.mkdir()
        return made

    prefix = f"{family}:DET:"
    device = FrameDetector(prefix, frames_folder=folder, family=FAMILIES[family], name="detector")
    device.wait_for_connection(timeout=10)
    return device


def frames(client: Client, family: str, dtype: str) -> np.ndarray:
    """One frame by a trigger, three in a flight; none lost, and said to be what they are."""
    device = detector(client, family)
    exposure = max(0.02, FAMILIES[family].shortest)
    device.configure({"acquire_time": exposure})
    device.stage()
    assert device.describe()["detector_image"]["dtype_numpy"] == dtype
    device.trigger().wait(timeout=20)
    list(device.collect_asset_docs())
    device.prepare(Flight(frames=3, exposure=exposure))
    device.kickoff().wait(timeout=20)
    device.complete().wait(timeout=20)
    ((_, datum),) = device.collect_asset_docs()
    assert datum["indices"] == {"start": 1, "stop": 4}
    device.unstage()
    with h5py.File(client.tmp_path / "frames" / "frames_000000.h5", "r") as file:
        found = file["/entry/data/data"][:]
    assert found.shape == (4, 40, 60)
    assert found.dtype == np.dtype(dtype)
    return np.asarray(found)


def test_a_pilatus_marks_its_gaps_with_minus_one(client: Client) -> None:
    found = frames(client, "pilatus", "<i4")
    assert found.max() > 0
    assert found.min() >= -2


def test_an_eiger_is_told_to_stream_and_to_trigger_itself(client: Client) -> None:
    found = frames(client, "eiger", "<u4")
    assert found.max() > 0
    import epics

    assert epics.caget("eiger:DET:cam1:DataSource", as_string=True) == "Stream"
    assert epics.caget("eiger:DET:cam1:TriggerMode_RBV", as_string=True) == "Internal Series"


def test_a_perkin_elmer_is_told_to_correct_nothing(client: Client) -> None:
    found = frames(client, "perkin_elmer", "<u2")
    assert found.max() > 0
    import epics

    for record in ("PEUseOffset", "PEUseGain", "PEUsePixelCorrection"):
        assert epics.caget(f"perkin_elmer:DET:cam1:{record}", as_string=True) == "Disable"


@pytest.mark.parametrize(
    ("family", "asked", "said"),
    [
        ("pilatus", Flight(10, exposure=0.1, period=0.1), "a dead time of 0.00095 s no less than 0.10095 s"),
        ("perkin_elmer", Flight(10, exposure=0.02), "no less than 0.0665 s is possible"),
        ("eiger", Flight(0, exposure=0.02), "a flight of 0 frames asked"),
    ],
)
def test_what_it_cannot_do_is_refused_with_the_limit(family: str, asked: Flight, said: str) -> None:
    with pytest.raises(InstrumentRefused, match=said):
        FAMILIES[family].check_flight("detector", asked)
