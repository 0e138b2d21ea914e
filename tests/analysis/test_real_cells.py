"""Real cells on a BioLogic: what its own counters say, and spectra both good and spoilt."""

import os
from pathlib import Path

import numpy as np
import pytest
from analysis.biologic import CYCLING, SPECTRUM, rows
from numpy.typing import NDArray

from operando.analysis.electrochemistry import branch, coulombic_efficiencies, half_cycles, incremental_capacity
from operando.analysis.impedance import fit_impedance, kramers_kronig

pytestmark = pytest.mark.realdata

REALDATA = Path(os.environ.get("OPERANDO_REALDATA") or Path(__file__).parents[3] / "shared/realdata")


@pytest.fixture(scope="module")
def folder() -> Path:
    found = REALDATA / "cycler"
    if not found.is_dir():
        pytest.skip(f"no real cells at {found}; OPERANDO_REALDATA names their folder")
    return found


def spectra(path: Path) -> list[tuple[NDArray[np.float64], NDArray[np.complex128]]]:
    """Frequencies (Hz) and impedances (Ω) of each spectrum in a file, from high to low."""
    table = rows(path, SPECTRUM)
    table = table[table["frequency"] > 0.0]
    starts = np.flatnonzero(np.diff(table["frequency"]) > 0.0) + 1
    return [
        (part["frequency"].astype(np.float64), part["real"] - 1j * part["minus_imaginary"].astype(np.float64))
        for part in np.split(table, starts)
    ]


def test_half_cycles_are_those_of_the_cycler(folder: Path) -> None:
    table = rows(folder / "navani_gcpl_5cycles.mpr", CYCLING)
    current, charge = table["control"] * 1e-3, table["charge"] * 1e-3
    halves = half_cycles(charge, current, 1e-6)
    theirs = [
        abs(float(table["half_charge"][table["half_cycle"] == number][-1])) * 1e-3
        for number in np.unique(table["half_cycle"])
    ]
    assert [half.capacity for half in halves] == pytest.approx(theirs, rel=1e-3)
    assert [half.charging for half in halves] == [False, True] * 6 + [False]
    efficiency = coulombic_efficiencies(halves)
    assert efficiency[2::2] == pytest.approx([0.8643, 0.9352, 0.9286, 0.9248, 0.9232, 0.9201], abs=2e-3)


def test_the_charge_in_the_bins_is_that_of_the_cycler(folder: Path) -> None:
    table = rows(folder / "navani_gcpl_5cycles.mpr", CYCLING)
    current, charge = table["control"] * 1e-3, table["charge"] * 1e-3
    for half in half_cycles(charge, current, 1e-6)[1:]:
        found = incremental_capacity(table["voltage"], charge, branch(half, current, 1e-6))
        assert found.capacity.sum() * 0.005 == pytest.approx(half.capacity, rel=5e-3)
        assert found.voltage[0] >= 1.99
        assert found.voltage[-1] <= 3.81


def test_every_good_spectrum_gives_the_same_cell(folder: Path) -> None:
    arcs = []
    for frequency, impedance in spectra(folder / "yadg_geis.mpr")[:10]:
        arcs_seen = (frequency < 3e4) & (frequency > 2.0)  # above, the leads; below, another process
        fit = fit_impedance(frequency[arcs_seen], impedance[arcs_seen], warburg=False)
        assert fit.trusted, fit.reason
        assert np.median(np.abs(kramers_kronig(frequency[arcs_seen], impedance[arcs_seen]))) < 0.02
        arcs.append((fit.ohmic, fit.arcs[0].resistance))
    assert np.mean(arcs, axis=0) == pytest.approx([7.7, 132.4], abs=1.0)
    assert np.all(np.std(arcs, axis=0) < 1.0)


def test_a_spoilt_spectrum_is_not_believed(folder: Path) -> None:
    ((frequency, impedance),) = spectra(folder / "yadg_peis.mpr")
    fit = fit_impedance(frequency, impedance)
    assert not fit.trusted
    assert "misses" in fit.reason
    assert np.abs(kramers_kronig(frequency, impedance)).max() > 0.3
