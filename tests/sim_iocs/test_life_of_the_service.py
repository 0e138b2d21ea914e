"""How the process of the simulated IOCs begins and ends."""

import os
import signal
import socket
from pathlib import Path

import fabio.tifimage
import h5py
import hdf5plugin
import numpy as np
import pytest

from sim_iocs.running_service import PATIENCE, make_setup, serving


def test_the_end_of_the_pipe_ends_the_process_and_closes_its_file(tmp_path: Path) -> None:
    for service in serving(make_setup(tmp_path)):
        path = service.capture(tmp_path / "raw")
        service.expose(0.02, images=2)
        service.stop_feeding()
        service.process.join(PATIENCE)
        assert service.process.exitcode == 0
        with h5py.File(path, "r") as file:  # refused, did the writer still hold it
            assert str(hdf5plugin.BSHUF_ID) in file["/entry/data/data"]._filters
            assert len(file["/entry/data/data"]) == 2


def test_sigterm_ends_the_process_and_ctrl_c_does_not(tmp_path: Path) -> None:
    for service in serving(make_setup(tmp_path)):
        assert service.process.pid is not None
        os.kill(service.process.pid, signal.SIGINT)
        assert service.get("DET:cam1:DetectorState_RBV") == 0
        service._fed.set()
        service._feeder.join()
        os.kill(service.process.pid, signal.SIGTERM)
        service.process.join(PATIENCE)
        assert service.process.exitcode == 0


def test_a_taken_port_is_an_error_not_another_port(tmp_path: Path) -> None:
    setup = make_setup(tmp_path)
    with socket.create_server(("127.0.0.1", setup.ca_port)), pytest.raises(EOFError):
        next(serving(setup))


def test_real_images_are_served_in_turn_with_their_own_shape(tmp_path: Path) -> None:
    images = [np.full((40, 50), -1, dtype=np.int32), np.full((40, 50), -1, dtype=np.int32)]
    paths = []
    for number, image in enumerate(images):
        image[10:, 10:] = 100 + number
        paths.append(tmp_path / f"image_{number}.tif")
        fabio.tifimage.TifImage(data=image).write(str(paths[-1]))
    for service in serving(make_setup(tmp_path, frames=tuple(paths))):
        assert service.get("DET:cam1:ArraySizeY_RBV") == 40
        path = service.capture(tmp_path / "raw")
        service.expose(0.02, images=3)
        service.put("SHUTTER:OPEN", 0)
        service.expose(0.02)
        service.put("DET:HDF1:Capture", 0)
        with h5py.File(path, "r") as file:
            served = file["/entry/data/data"][:]
        for frame, image in zip(served[:3], [images[0], images[1], images[0]], strict=True):
            np.testing.assert_array_equal(frame, image)
        np.testing.assert_array_equal(served[3], np.minimum(images[1], 0))
        assert {line["a"] for line in service.truth(path)} == {None}
        assert service.truth(path)[0]["stack_pressure"] == pytest.approx(85.0)
