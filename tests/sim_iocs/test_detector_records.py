"""The area detector and its file plugin as EPICS clients see them."""

import json
import time
from itertools import pairwise
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import pytest
from caproto import CaprotoTimeoutError
from waiting import wait_until

from sim_iocs.running_service import Service

FRAMES = "/entry/data/data"
ATTRIBUTES = "/entry/instrument/NDAttributes"
EPICS_EPOCH_NS = 631_152_000 * 10**9


def end_ns(file: h5py.File) -> np.ndarray:
    seconds, nanoseconds = (file[f"{ATTRIBUTES}/NDArrayEpicsTS{part}"][:].astype(np.int64) for part in ("Sec", "nSec"))
    return np.asarray(seconds * 10**9 + nanoseconds + EPICS_EPOCH_NS)


def end_capture(service: Service) -> None:
    service.put("DET:HDF1:Capture", 0)
    assert service.get("DET:HDF1:Capture_RBV") == 0


def test_the_camera_tells_its_size_and_type(service: Service) -> None:
    rows, columns = service.setup.shape
    assert (service.get("DET:cam1:ArraySizeY_RBV"), service.get("DET:cam1:ArraySizeX_RBV")) == (rows, columns)
    assert service.get("DET:cam1:ArraySize_RBV") == rows * columns * 4
    assert service.get("DET:cam1:DataType_RBV") == 4  # Int32
    assert service.get("DET:cam1:DetectorState_RBV") == 0  # Idle


def test_a_folder_is_created_only_as_deep_as_allowed(service: Service, tmp_path: Path) -> None:
    service.put("DET:HDF1:CreateDirectory", -1)
    service.put("DET:HDF1:FilePath", str(tmp_path / "two" / "deep"))
    assert service.get("DET:HDF1:FilePathExists_RBV") == 0
    service.put("DET:HDF1:FilePath", str(tmp_path / "one"))
    assert service.get("DET:HDF1:FilePathExists_RBV") == 1
    assert service.get("DET:HDF1:FilePath_RBV") == f"{tmp_path}/one/"


def test_frames_are_readable_the_moment_the_record_counts_them(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    service.put("DET:cam1:AcquireTime", 0.05)
    service.put("DET:cam1:AcquirePeriod", 0.05)
    service.put("DET:cam1:ImageMode", 1)
    service.put("DET:cam1:NumImages", 8)
    service.put("DET:cam1:Acquire", 1, wait=False)
    wait_until(lambda: service.get("DET:HDF1:NumCaptured_RBV") > 0)
    counted = 0
    while counted < 8:
        counted = service.get("DET:HDF1:NumCaptured_RBV")
        with h5py.File(path, "r", swmr=True) as file:
            assert file[FRAMES].shape[0] >= counted
            assert file[FRAMES][counted - 1].max() > 0
            assert list(file[f"{ATTRIBUTES}/NDArrayUniqueId"][:counted])[-1] > 0
    end_capture(service)


def test_a_file_that_is_opened_lazily_gets_its_name_and_number_with_its_first_frame(
    service: Service, tmp_path: Path
) -> None:
    path = service.capture(tmp_path / "raw")
    assert service.get("DET:HDF1:FullFileName_RBV") == ""
    assert service.get("DET:HDF1:FileNumber_RBV") == 0
    service.expose(0.02)
    assert service.get("DET:HDF1:FullFileName_RBV") == str(path)
    assert service.get("DET:HDF1:FileNumber_RBV") == 1
    end_capture(service)
    assert service.get("DET:HDF1:FullFileName_RBV") == str(path)


def test_a_file_is_laid_out_as_areadetector_does(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    assert path.name == "frames_000000.h5"
    service.put("DET:cam1:ArrayCounter", 0)
    service.expose(0.05, images=3)
    end_capture(service)
    with h5py.File(path) as file:
        frames = file[FRAMES]
        assert frames == file["/entry/instrument/detector/data"]
        assert frames.dtype == np.int32
        assert frames.chunks == (1, *service.setup.shape)
        assert str(hdf5plugin.BSHUF_ID) in frames._filters
        assert list(file[f"{ATTRIBUTES}/NDArrayUniqueId"]) == [1, 2, 3]
        np.testing.assert_allclose(
            file[f"{ATTRIBUTES}/NDArrayTimeStamp"], (end_ns(file) - EPICS_EPOCH_NS) * 1e-9, atol=1e-5
        )


def test_time_stamps_are_those_of_the_end_of_the_exposure(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    before = time.time_ns()
    service.expose(0.2)
    after = time.time_ns()
    end_capture(service)
    (truth,) = service.truth(path)
    with h5py.File(path) as file:
        assert end_ns(file)[0] == truth["end_ns"]
    assert before <= truth["start_ns"] <= truth["end_ns"] - 200_000_000 <= after


def test_the_truth_is_logged_for_every_frame(service: Service, tmp_path: Path) -> None:
    service.cell = {"stack_pressure": 84.9, "a": 2.85}
    path = service.capture(tmp_path / "raw")
    service.expose(0.1)  # the first may still have seen the cell as it was
    service.expose(0.1)
    end_capture(service)
    service.cell = {}
    truth = service.truth(path)
    assert [line["index"] for line in truth] == [0, 1]
    assert truth[1]["stack_pressure"] == pytest.approx(84.9)
    assert truth[1]["a"] == pytest.approx(2.85)
    assert truth[1]["unique_id"] == truth[0]["unique_id"] + 1


def test_a_put_to_acquire_completes_when_the_exposure_has_ended(service: Service) -> None:
    service.put("DET:cam1:AcquireTime", 0.3)
    service.put("DET:cam1:ImageMode", 0)
    before, count = time.monotonic(), service.get("DET:cam1:ArrayCounter_RBV")
    service.put("DET:cam1:Acquire", 1)
    assert time.monotonic() - before >= 0.3
    assert service.get("DET:cam1:Acquire") == 0
    assert service.get("DET:cam1:ArrayCounter_RBV") == count + 1


def test_a_stopped_exposure_is_no_frame(service: Service) -> None:
    service.put("DET:cam1:AcquireTime", 60.0)
    count = service.get("DET:cam1:ArrayCounter_RBV")
    service.put("DET:cam1:Acquire", 1, wait=False)
    service.wait_for("DET:cam1:Acquire", 1)
    service.put("DET:cam1:Acquire", 0)
    assert service.get("DET:cam1:DetectorState_RBV") == 0
    assert service.get("DET:cam1:ArrayCounter_RBV") == count


def test_records_answer_while_frames_are_rendered(service: Service, tmp_path: Path) -> None:
    service.capture(tmp_path / "raw")
    service.put("DET:cam1:AcquireTime", 0.5)
    service.put("DET:cam1:ImageMode", 0)
    service.put("DET:cam1:Acquire", 1, wait=False)
    service.wait_for("DET:cam1:DetectorState_RBV", 1)
    assert service.get("DET:cam1:Acquire") == 1
    service.wait_for("DET:HDF1:NumCaptured_RBV", 1)
    end_capture(service)


def test_a_capture_ends_by_itself_after_as_many_frames_as_asked(service: Service, tmp_path: Path) -> None:
    service.put("DET:HDF1:NumCapture", 2)
    path = service.capture(tmp_path / "raw")
    service.expose(0.02, images=2)
    service.wait_for("DET:HDF1:Capture", 0)
    service.put("DET:HDF1:NumCapture", 0)
    with h5py.File(path) as file:
        assert len(file[FRAMES]) == 2
    assert service.get("DET:HDF1:FileNumber_RBV") == 1


@pytest.mark.parametrize(
    ("record", "value", "reason"),
    [
        ("FilePath", "", "does not exist"),
        ("FilePath", "no/such/folder", "does not exist"),
        ("FileWriteMode", 0, "mode Stream"),
        ("Compression", 3, "None and BSLZ4"),
        ("FileTemplate", "%d_%d_%d.h5", "FileTemplate"),
    ],
)
def test_a_capture_that_cannot_be_is_refused_with_a_reason(
    service: Service, tmp_path: Path, record: str, value: object, reason: str
) -> None:
    service.put("DET:HDF1:CreateDirectory", 0)
    service.put("DET:HDF1:FilePath", str(tmp_path))
    usual = service.get(f"DET:HDF1:{record}")
    service.put(f"DET:HDF1:{record}", value)
    service.put("DET:HDF1:Capture", 1)
    assert service.get("DET:HDF1:Capture_RBV") == 0
    assert service.get("DET:HDF1:WriteStatus") == 1
    assert reason in service.get("DET:HDF1:WriteMessage")
    service.put(f"DET:HDF1:{record}", usual)


def test_a_file_of_frames_is_never_overwritten(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path)
    service.expose(0.02)
    end_capture(service)
    size = path.stat().st_size
    service.put("DET:HDF1:FileNumber", 0)
    service.put("DET:HDF1:Capture", 1)
    assert "never overwritten" in service.get("DET:HDF1:WriteMessage")
    assert path.stat().st_size == size


def test_a_folder_that_vanishes_is_told_with_the_first_frame(service: Service, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    service.capture(folder)
    folder.rmdir()
    service.put("DET:cam1:AcquireTime", 0.02)
    service.put("DET:cam1:ImageMode", 0)
    service.put("DET:cam1:Acquire", 1)
    service.wait_for("DET:HDF1:Capture", 0)
    assert service.get("DET:HDF1:WriteStatus") == 1
    assert "gone" in service.get("DET:HDF1:WriteMessage")
    assert service.get("DET:HDF1:NumCaptured_RBV") == 0


def test_a_full_queue_drops_frames_and_counts_them(service: Service, tmp_path: Path) -> None:
    service.put("DET:HDF1:QueueSize", 0)
    path = service.capture(tmp_path / "raw")
    dropped = service.get("DET:HDF1:DroppedArrays_RBV")
    service.put("DET:cam1:AcquireTime", 0.02)
    service.put("DET:cam1:ImageMode", 0)
    service.put("DET:cam1:Acquire", 1)
    service.wait_for("DET:HDF1:DroppedArrays_RBV", dropped + 1)
    service.put("DET:HDF1:QueueSize", 20)
    end_capture(service)
    assert not path.exists()
    line = json.loads((service.setup.root / "sim" / "truth.jsonl").read_text().splitlines()[-1])
    assert line["file"] is None


def test_a_closed_shutter_gives_dark_frames(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    service.put("SHUTTER:OPEN", 0)
    assert service.get("SHUTTER:STATUS") == 0
    service.expose(0.1)
    service.put("SHUTTER:OPEN", 1)
    assert service.get("SHUTTER:STATUS") == 1
    service.expose(0.1)
    end_capture(service)
    with h5py.File(path) as file:
        dark, bright = file[FRAMES][:]
    assert dark.max() == 0
    assert bright.max() > 10
    assert service.get("RING:CURRENT") == pytest.approx(100.0, rel=0.01)


def test_an_exposure_outlives_the_client_that_started_it(service: Service, tmp_path: Path) -> None:
    service.capture(tmp_path / "raw")
    service.put("DET:cam1:AcquireTime", 0.3)
    service.put("DET:cam1:ImageMode", 0)
    with pytest.raises(CaprotoTimeoutError):
        service.put("DET:cam1:Acquire", 1, patience=0.1)
    service.wait_for("DET:HDF1:NumCaptured_RBV", 1)
    end_capture(service)


def test_exposures_follow_one_another_whatever_their_frames_cost(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    service.expose(0.03, images=6)
    end_capture(service)
    truth = service.truth(path)
    assert len(truth) == 6
    for earlier, later in pairwise(truth):
        assert later["unique_id"] == earlier["unique_id"] + 1
        assert later["start_ns"] >= earlier["end_ns"]


def test_a_continuous_acquisition_lasts_until_it_is_stopped(service: Service) -> None:
    service.put("DET:cam1:AcquireTime", 0.02)
    service.put("DET:cam1:ImageMode", 2)
    count = service.get("DET:cam1:ArrayCounter_RBV")
    service.put("DET:cam1:Acquire", 1, wait=False)
    wait_until(lambda: service.get("DET:cam1:ArrayCounter_RBV") >= count + 3)
    service.put("DET:cam1:Acquire", 0)
    stopped = service.get("DET:cam1:ArrayCounter_RBV")
    assert service.get("DET:cam1:DetectorState_RBV") == 0
    service.put("DET:cam1:ImageMode", 0)
    assert service.get("DET:cam1:ArrayCounter_RBV") == stopped


def test_a_camera_without_callbacks_exposes_and_nothing_is_written(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    service.put("DET:cam1:ArrayCallbacks", 0)
    service.put("DET:cam1:AcquireTime", 0.02)
    service.put("DET:cam1:ImageMode", 0)
    service.put("DET:cam1:Acquire", 1)
    service.put("DET:cam1:ArrayCallbacks", 1)
    end_capture(service)
    assert not path.exists()


def test_a_trigger_that_is_not_wired_is_refused(service: Service) -> None:
    service.put("DET:cam1:TriggerMode", 1)
    count = service.get("DET:cam1:ArrayCounter_RBV")
    service.put("DET:cam1:Acquire", 1)
    assert "Internal" in service.get("DET:cam1:StatusMessage_RBV")
    assert service.get("DET:cam1:ArrayCounter_RBV") == count
    service.put("DET:cam1:TriggerMode", 0)
    service.put("DET:cam1:AcquireTime", 0.02)
    service.put("DET:cam1:Acquire", 1)
    assert service.get("DET:cam1:DetectorState_RBV") == 0
