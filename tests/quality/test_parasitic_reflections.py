"""Reflections of what stands around the sample: where they are, and what they take from a pattern."""

from pathlib import Path

import numpy as np
import pytest

from operando.analysis.parasitic import excluded, spacings
from operando.config import load_parasitic
from operando.errors import AnalysisError, ConfigurationError
from operando.vocabulary import ParasiticMaterial

SHIPPED = ("austenitic_steel", "steel", "copper", "beryllium", "kapton")

# Å; Powder Diffraction File 4-836 (Cu), 6-696 (α-Fe), 33-397 (austenite), 22-111 (Be), the first lines.
LINES = {
    "copper": [2.088, 1.808, 1.278, 1.090, 1.044],
    "steel": [2.027, 1.433, 1.170, 1.013, 0.906],
    "austenitic_steel": [2.073, 1.796, 1.270, 1.083, 1.037],
    "beryllium": [1.980, 1.792, 1.733, 1.329, 1.143, 1.023],
}


@pytest.mark.parametrize("name", LINES)
def test_lines_are_where_the_powder_diffraction_file_has_them(name: str) -> None:
    (material,) = load_parasitic((name,))
    assert spacings(material)[: len(LINES[name])] == pytest.approx(LINES[name], abs=2e-3)


def test_every_shipped_material_leaves_most_of_a_pattern() -> None:
    q = np.linspace(4, 74, 1500)
    for material in load_parasitic(SHIPPED):
        assert 0.0 < excluded(q, [material]).mean() < 0.25, material.name
    assert not excluded(q, []).any()


def test_a_line_takes_the_bins_within_its_half_width_and_no_other() -> None:
    material = ParasiticMaterial("foil", "spacings", spacings=(2.0,), half_width=0.01)
    q = np.linspace(30, 33, 3001)
    taken = q[excluded(q, [material])]
    assert taken.min() == pytest.approx(10 * np.pi * 0.99, abs=2e-3)
    assert taken.max() == pytest.approx(10 * np.pi * 1.01, abs=2e-3)


@pytest.mark.parametrize("displacement", [-0.005, 0.005])
@pytest.mark.parametrize("name", [*LINES, "of one's own"])
def test_a_window_five_millimetres_from_the_sample_is_masked_where_its_rings_are(
    tmp_path: Path, name: str, displacement: float
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('["of one\'s own"]\nlattice = "fcc"\na_A = 4.0496\n', encoding="utf-8")
    (material,) = load_parasitic((name,), own if name not in LINES else None)
    wavelength, distance, half_line = 0.20664, 0.5, 0.0025  # Å, m, of q
    angle = 2 * np.arcsin(wavelength / (2 * spacings(material)))
    radius = (distance + displacement) * np.tan(angle)
    q = 40 * np.pi / wavelength * np.sin(np.arctan(radius / distance) / 2)
    for edge in (1 - half_line, 1 + half_line):
        assert excluded(q * edge, [material]).all()


def test_a_material_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match=r"names 'tungsten'; known: austenitic_steel, steel, copper"):
        load_parasitic(("copper", "tungsten"))


def test_a_file_of_ones_own_names_what_is_wrong_in_it(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[window]\nlattice = "hcp"\na_A = 2.0\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="hcp has a_A and c_A"):
        load_parasitic(("window",), own)
    own.write_text('[window]\nlattice = "fcc"\na_A = 4.0496 # aluminium\n', encoding="utf-8")
    (material,) = load_parasitic(("window",), own)
    assert spacings(material)[0] == pytest.approx(2.338, abs=1e-3)


def test_a_lattice_that_nobody_knows_is_refused() -> None:
    with pytest.raises(AnalysisError, match="lattice 'triclinic'; allowed: fcc, bcc, hcp, spacings"):
        spacings(ParasiticMaterial("odd", "triclinic", a=3.0))
