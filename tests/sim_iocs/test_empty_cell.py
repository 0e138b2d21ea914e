"""The simulated cell without its stack: what a blank of it leaves of the cell is the stack, on a scale nobody chose."""

import math
from pathlib import Path

import numpy as np
import pytest
from simulated_setup import simulated_setup

from operando.analysis import Integrator, Pattern
from operando.analysis.blank import Beam as Counted
from operando.analysis.blank import mean_blank, subtract
from operando.sim.cell.state import TrueState
from operando.sim.iocs.beam import DARK_RATES, Beam
from operando.sim.iocs.diffraction import Diffraction
from operando.sim.iocs.source import Light
from operando.vocabulary import Recipe

SHAPE = (300, 280)
SECONDS = 4.0
STATE = TrueState(0, 85.0, 25.0, 0.0, 0.0, 2.8704, 14.1918, 2.2, 0.0, 40.0)
PONI = f"""poni_version: 2.1
Detector: Detector
Detector_config: {{"pixel1": 0.000172, "pixel2": 0.000172, "max_shape": [{SHAPE[0]}, {SHAPE[1]}], "orientation": 3}}
Distance: 0.2
Poni1: 0.004
Poni2: 0.003
Wavelength: 2.0664e-11
"""
RECIPE = Recipe(npt=260, unit="q_nm^-1", radial_range=(3.0, 60.0), polarization_factor=0.99)


class SimulatedBeamline:
    """Exposes one after the other, the ring losing current."""

    def __init__(self, folder: Path) -> None:
        setup = simulated_setup(folder, shape=SHAPE, distance=0.2, poni1=0.004, poni2=0.003)
        self._diffraction = Diffraction(setup)
        self._integrator = Integrator(PONI, RECIPE, SHAPE)
        self.in_beam = "cell"
        self._beam = Beam(Light(is_open=True), seed=3, transmission=0.35, flicker=0.05, in_beam=lambda: self.in_beam)

    def expose(self, sample: str, number: int) -> tuple[Pattern, Counted]:
        self.in_beam = sample
        begin = number * 5_000_000_000
        exposure = self._beam.exposure(number, begin, begin + round(SECONDS * 1e9))
        pattern = self._integrator.integrate(self._diffraction.frame(exposure, [STATE]))
        incident, diode = (exposure.attributes[name] for name in ("IncidentMonitor", "TransmittedDiode"))
        return pattern, Counted(incident - SECONDS * DARK_RATES[0], diode - SECONDS * DARK_RATES[1])


@pytest.fixture(scope="module")
def beamline(tmp_path_factory: pytest.TempPathFactory) -> SimulatedBeamline:
    return SimulatedBeamline(tmp_path_factory.mktemp("sim"))


def test_nothing_is_left_where_the_stack_has_no_lines(beamline: SimulatedBeamline) -> None:
    taken = [beamline.expose("empty", number) for number in range(12)]
    blank = mean_blank(
        taken[0][0].radial,
        np.array([pattern.intensity for pattern, _ in taken]),
        np.array([pattern.sigma for pattern, _ in taken]),
        np.array([beam.monitor for _, beam in taken]),
        np.array([beam.diode for _, beam in taken]),
        None,
    )
    between = (blank.radial > 4.0) & (blank.radial < 9.0)  # below the first line, 111 of the electrolyte at 11.0 nm⁻¹
    for number in range(12, 16):
        pattern, beam = beamline.expose("cell", number)
        net = subtract(pattern.intensity, pattern.sigma, beam, blank)
        assert net.sigma is not None
        assert pattern.sigma is not None
        left, error = net.intensity[between].mean(), math.sqrt(np.sum(net.sigma[between] ** 2)) / between.sum()
        assert pattern.intensity[between].mean() > 100 * error
        # Lorentzian wings of the lines reach that far: half a percent of the strongest line.
        assert -4 * error < left < 4 * error + 0.005 * pattern.intensity.max()
        assert net.scale == pytest.approx(0.7 * beam.monitor / blank.monitor, rel=2e-3)


def test_an_empty_cell_lets_more_through(beamline: SimulatedBeamline) -> None:
    (_, empty), (_, cell) = beamline.expose("empty", 20), beamline.expose("cell", 21)
    assert cell.transmission / empty.transmission == pytest.approx(0.7, rel=2e-3)
