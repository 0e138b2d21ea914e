"""What a fault does to camera and file plugin, as EPICS clients see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from waiting import wait_until

from operando.sim.detector_faults import DetectorFaults
from sim_iocs.running_service import Service

NUMBERS = "/entry/instrument/NDAttributes/NDArrayUniqueId"


@contextmanager
def wrong(service: Service, faults: DetectorFaults) -> Iterator[None]:
    """Let it be so, for as long as the context lasts."""
    service.states.send(faults)
    try:
        yield
    finally:
        service.states.send(DetectorFaults())


def expose(service: Service, images: int) -> None:
    """Acquire at once, and wait for the camera alone."""
    service.put("DET:cam1:AcquireTime", 0.03)
    service.put("DET:cam1:AcquirePeriod", 0.03)
    service.put("DET:cam1:ImageMode", 1)
    service.put("DET:cam1:NumImages", images)
    service.put("DET:cam1:Acquire", 1)


def end_capture(service: Service) -> None:
    service.put("DET:HDF1:Capture", 0)
    assert service.get("DET:HDF1:Capture_RBV") == 0


def test_each_fourth_exposure_is_lost_and_the_numbers_show_it(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    service.put("DET:cam1:ArrayCounter", 0)
    dropped = service.get("DET:HDF1:DroppedArrays_RBV")
    with wrong(service, DetectorFaults(loses_every=4)):
        wait_until(lambda: expose(service, 8) or service.get("DET:cam1:ArrayCounter_RBV") >= 8)
    service.wait_for("DET:HDF1:QueueUse", 0)
    end_capture(service)
    with h5py.File(path) as file:
        numbers = file[NUMBERS][:]
    np.testing.assert_array_equal(numbers, [1, 2, 3, 5, 6, 7])
    assert service.get("DET:HDF1:DroppedArrays_RBV") == dropped, "no plugin had them"


def test_a_full_queue_drops_and_counts(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    dropped = service.get("DET:HDF1:DroppedArrays_RBV")
    with wrong(service, DetectorFaults(queue_full=True)):
        expose(service, 3)
        service.wait_for("DET:HDF1:DroppedArrays_RBV", dropped + 3)
    wait_until(lambda: expose(service, 1) or service.get("DET:HDF1:NumCaptured_RBV") > 0)
    end_capture(service)
    assert path.exists()


def test_a_stuck_camera_says_that_it_acquires_and_can_be_stopped(service: Service) -> None:
    count = service.get("DET:cam1:ArrayCounter_RBV")
    with wrong(service, DetectorFaults(stands_still=True)):
        service.put("DET:cam1:AcquireTime", 0.01)
        service.put("DET:cam1:ImageMode", 2)
        wait_until(lambda: service.put("DET:cam1:Acquire", 1, wait=False) or service.get("DET:cam1:Acquire") == 1)
        service.wait_for("DET:cam1:DetectorState_RBV", 1)
        service.put("DET:cam1:Acquire", 0)
    assert service.get("DET:cam1:DetectorState_RBV") == 0
    assert service.get("DET:cam1:ArrayCounter_RBV") <= count + 5
    service.put("DET:cam1:ImageMode", 0)
