"""A calibrant beside the cell on the same stage: driven into the beam, it is what the frames show."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  registers bitshuffle/LZ4 with HDF5
import numpy as np
import pytest
from calibration.shown_calibrant import WIDE, frame_of, poni_of, shown
from sim_iocs.running_service import Service, make_setup, serving

from operando.analysis.calibration import calibrate
from operando.analysis.control_points import Picture
from operando.analysis.detector_position import displacement, position_of
from operando.analysis.geometry import read_geometry
from operando.sim.iocs.holder import Holder


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    yield from serving(make_setup(tmp_path, **WIDE, sample="CeO2", sample_x=6.0))


def test_the_stage_decides_what_is_in_the_beam() -> None:
    at = [0.0]
    beside, instead = Holder("Si", 6.0, lambda: at[0]), Holder("Si", None, lambda: at[0])
    assert (beside.in_beam(), instead.in_beam()) == ("cell", "Si")
    at[0] = 6.5
    assert (beside.in_beam(), instead.in_beam()) == ("Si", "Si")


def test_a_calibrant_is_driven_into_the_beam_and_calibrates(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    service.expose(2.0)
    service.put("STAGE:X", 6.0)
    service.expose(2.0)
    service.put("DET:HDF1:Capture", 0)
    with h5py.File(path, "r") as file:
        cell, calibrant = np.asarray(file["/entry/data/data"])
    setup = shown(tmp_path, rot1=service.setup.rot1, rot2=service.setup.rot2)
    start = read_geometry(poni_of(setup, poni1=setup.poni1 + 1e-3), 3, setup.shape)
    found = calibrate(Picture(calibrant, calibrant < 0, "CeO2"), start)
    assert displacement(position_of(read_geometry(poni_of(setup), 3, setup.shape)), found.found).centre < 0.05
    powder = frame_of(setup)
    alike = [float(np.corrcoef(powder.reshape(-1), frame.reshape(-1))[0, 1]) for frame in (cell, calibrant)]
    assert alike[0] < 0.5 < 0.9 < alike[1]
