"""The Dioptas CeO2 frame: rings of a real detector, with its gaps, against the PONI that came with it."""

import os
from pathlib import Path

import fabio
import numpy as np
import pytest

from operando.analysis.calibration import Calibration, calibrate
from operando.analysis.control_points import Picture
from operando.analysis.detector_position import displacement
from operando.analysis.geometry import read_geometry

pytestmark = pytest.mark.realdata

REALDATA = Path(os.environ.get("OPERANDO_REALDATA") or Path(__file__).parents[3] / "shared/realdata")
FLIPPED = 2
"""Orientation: its PONI is for a frame upside down."""


@pytest.fixture(scope="module")
def found() -> Calibration:
    folder = REALDATA / "dioptas_CeO2"
    if not folder.is_dir():
        pytest.skip(f"no real frames at {folder}; OPERANDO_REALDATA names their folder")
    with fabio.open(folder / "CeO2_Pilatus1M.tif") as image:
        frame = np.asarray(image.data)
    poni = (folder / "CeO2_Pilatus1M.poni").read_text(encoding="utf-8")
    return calibrate(Picture(frame, frame < 0, "CeO2"), read_geometry(poni, FLIPPED, (1043, 981)))


def test_every_ring_on_the_detector_is_found_and_fits(found: Calibration) -> None:
    assert [ring.number for ring in found.rings] == list(range(17))
    assert found.spread < 0.3
    assert all(abs(ring.offset) < 0.07 for ring in found.rings if ring.points > 50)


def test_the_detector_stands_where_its_owner_said_but_for_the_lattice_that_was_assumed(found: Calibration) -> None:
    moved = displacement(found.start, found.found)
    assert moved.centre < 0.3
    assert moved.tilt < 1e-3
    assert moved.distance == pytest.approx(120e-6, abs=60e-6)  # with the PONI as given a lattice is 155 ppm too small
    assert 1e-6 < found.uncertainty.distance < 2e-5
