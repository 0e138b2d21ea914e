"""What the simulated beamline shows when a calibrant stands in its beam."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from calibration.shown_calibrant import frame_of, shown

import operando.configs
from operando.cli.check import check_files
from operando.cli.simulation import simulation_setup
from operando.config import load
from operando.endstation import Root
from operando.errors import ConfigurationError
from operando.sim.iocs.calibrant import CALIBRANTS
from operando.sim.iocs.geometry import geometry

SHIPPED = Path(operando.configs.__file__).parent
FIRST = {
    "CeO2": {(1, 1, 1): 3.12442, (2, 0, 0): 2.70583, (2, 2, 0): 1.91331, (3, 1, 1): 1.63168},
    "LaB6": {(1, 0, 0): 4.15683, (1, 1, 0): 2.93932, (1, 1, 1): 2.39994, (2, 0, 0): 2.07841},
    "Si": {(1, 1, 1): 3.13569, (2, 2, 0): 1.92021, (3, 1, 1): 1.63756, (4, 0, 0): 1.35779},
}
"""Å, of the certificates of the standards."""


@pytest.mark.parametrize("name", FIRST)
def test_the_first_lines_are_those_of_the_certificate(name: str) -> None:
    crystal, spacings = CALIBRANTS[name].powder()
    found = {line[:3]: float(spacing) for line, spacing in zip(crystal.lines, spacings, strict=True)}
    assert list(found)[:4] == list(FIRST[name])
    assert {hkl: found[hkl] for hkl in FIRST[name]} == pytest.approx(FIRST[name], abs=1e-5)


def test_what_the_lattice_forbids_is_absent() -> None:
    lines = {line[:3] for line in CALIBRANTS["Si"].powder()[0].lines}
    assert lines.isdisjoint({(2, 0, 0), (2, 2, 2), (1, 0, 0)})


def test_rings_stand_at_their_bragg_angles(tmp_path: Path) -> None:
    setup = shown(tmp_path)
    frame, two_theta = frame_of(setup), geometry(setup).two_theta
    for spacing in FIRST["CeO2"].values():
        bragg = 2 * np.arcsin(setup.wavelength * 1e10 / 2 / spacing)
        near = (np.abs(two_theta - bragg) < 3 * setup.pixel / setup.distance) & (frame >= 0)
        background = np.percentile(frame[near], 20)
        weights = np.clip(frame[near] - background, 0, None)
        assert np.average(two_theta[near], weights=weights) == pytest.approx(
            bragg, abs=0.1 * setup.pixel / setup.distance
        )


def test_the_configuration_says_what_is_shown_and_where_the_detector_truly_stands(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "configs")
    file, poni = tmp_path / "configs/simulated.toml", tmp_path / "configs/poni/simulated.poni"
    (tmp_path / "configs/poni/moved.poni").write_text(poni.read_text().replace("Distance: 0.5", "Distance: 0.501"))
    told = '[simulation]\nsample = "CeO2"\nponi = "poni/moved.poni"\n'
    file.write_text(file.read_text(encoding="utf-8").replace("[simulation]\n", told, 1), encoding="utf-8")
    setup = simulation_setup(load(file), tmp_path, 0)
    assert (setup.sample, setup.distance) == ("CeO2", 0.501)


def test_a_true_position_that_is_not_there_is_found_by_the_check(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "configs")
    file = tmp_path / "configs/simulated.toml"
    text = file.read_text(encoding="utf-8").replace("[simulation]\n", '[simulation]\nponi = "poni/none.poni"\n', 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"\[simulation\] poni = 'poni/none.poni'"):
        check_files(load(file), Root(tmp_path))
