"""From the author's file to the capacities: language, compiler, driver, instrument, cell and analysis on one line.

The normal run is a hundred times faster than life; ``OPERANDO_FULL=1`` takes the hours as they are.
"""

import math
import os
import tomllib
from pathlib import Path

import numpy as np
import pytest
from instruments.virtual_bench import Bench, ends, points, samples
from numpy.typing import NDArray

import operando.configs
from operando.analysis.electrochemistry import coulombic_efficiencies, half_cycles
from operando.analysis.impedance import fit_impedance
from operando.config.programme import INSTRUMENTS, CellFacts, Facts, compile_programme, hastened, validated
from operando.instruments import ImpedancePoint, Said
from operando.sim.cell import resistance
from operando.sim.cell.electrochemistry import Electrochemistry
from operando.sim.cell.material import LCO, NMC811, Material

pytestmark = pytest.mark.timeout(1800)  # of the full form; the short one takes seconds

PROGRAMMES = Path(operando.configs.__file__).parent / "programmes"
SPEED, INTERVAL = (1.0, 1.0) if os.environ.get("OPERANDO_FULL") else (100.0, 0.1)
MASS = 3.927e-3  # g
AREA = math.pi / 4.0  # cm²
Array = NDArray[np.float64]


def bench(material: Material, temperature: float = 25.0, pressure: float = 85.0) -> Bench:
    cell = Electrochemistry(10.0, 0.7854, 0.62, SPEED, material, MASS)
    cell.temperature, cell.pressure = temperature, pressure
    return Bench(cell, clock_error=30e-6)


def cycled(subject: Bench, name: str) -> list[Said]:
    """Run a programme as its author wrote it, on a cell whose time runs faster."""
    written = hastened(tomllib.loads((PROGRAMMES / name).read_text(encoding="utf-8")), SPEED, INTERVAL)
    facts = Facts(CellFacts(0.62, 0.7854e-3, MASS), INSTRUMENTS["emstat4"], (15.0, 100.0))
    return subject.run(compile_programme(validated(written, name), facts), poll=1.0)


def capacities(said: list[Said]) -> tuple[Array, Array]:
    """Return the specific capacity (mA h/g) of each half-cycle, by the instrument's own count, and the efficiencies."""
    measured = samples(said)
    current = np.array([sample.current for sample in measured])
    before, charge, run = 0.0, [], None
    for sample in measured:
        before += charge[-1] - before if charge and sample.run != run else 0.0
        run = sample.run
        charge.append(before + sample.step_charge)
    halves = half_cycles(np.array(charge), current, 1e-5)
    return np.array([half.capacity for half in halves]) * 1000.0 / MASS, coulombic_efficiencies(halves)


def test_nmc811_gives_196_and_140_milliampere_hours_per_gram() -> None:
    subject = bench(NMC811)
    said = cycled(subject, "nmc811_25_mA_per_g.toml")
    specific, efficiency = capacities(said)
    assert specific == pytest.approx([196.0, 140.0], abs=1.0)
    assert efficiency[1] == pytest.approx(0.714, abs=0.003)
    voltages = [sample.voltage for sample in samples(said)]
    assert max(voltages) == pytest.approx(3.68, abs=0.002)  # 4.3 V vs Li/Li+ at the terminals
    assert specific[0] - specific[1] == pytest.approx(subject.cell.passed * 1000.0 / MASS, rel=1e-3)


def test_lithium_cobalt_oxide_gives_what_it_does_at_45_degrees() -> None:
    specific, efficiency = capacities(cycled(bench(LCO, 45.0, 55.0), "lco_12_mA_per_g_45C.toml"))
    assert specific == pytest.approx([158.8, 149.0], abs=1.0)
    assert efficiency[1] == pytest.approx(0.94, abs=0.01)


@pytest.mark.parametrize("pressure", [85.0, 5.0])
def test_three_cycles_with_holds_and_spectra_tell_charge_and_resistances(pressure: float) -> None:
    subject = bench(NMC811, pressure=pressure)
    said = cycled(subject, "nmc811_cc_cv_eis.toml")
    steps = ends(said)
    assert len(steps) == 3 * 7
    counted = sum(step.step_charge for step in steps)
    throughput = sum(abs(step.step_charge) for step in steps)
    assert counted == pytest.approx(subject.cell.passed, abs=1e-3 * throughput)
    for frequency, impedance in spectra(points(said)):
        fit = fit_impedance(frequency, impedance)
        assert fit.trusted, fit.reason
        assert fit.ohmic * AREA * SPEED == pytest.approx(resistance.series(pressure, 25.0), rel=0.05)
        transfer = resistance.CHARGE_TRANSFER / resistance.touching(pressure)
        assert fit.arcs[0].resistance * AREA * SPEED == pytest.approx(transfer, rel=0.15)


def spectra(measured: list[ImpedancePoint]) -> list[tuple[Array, NDArray[np.complex128]]]:
    """Return frequencies (Hz) and impedances (Ω) of each spectrum."""
    runs = sorted({point.run for point in measured})
    assert len(runs) == 6
    return [
        (
            np.array([point.frequency for point in measured if point.run == run]),
            np.array([complex(point.real, point.imaginary) for point in measured if point.run == run]),
        )
        for run in runs
    ]
