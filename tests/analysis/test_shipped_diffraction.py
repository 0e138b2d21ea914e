"""The recipes and materials that come with the project, and what is said of wrong ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from analysis.powder_rings import CONFIGS, SHAPE, lattice_at

from operando.analysis import Integrator, scattering_vector
from operando.config.diffraction import load_material, load_recipe
from operando.errors import ConfigurationError
from operando.vocabulary import Recipe


def test_the_standard_recipe_reaches_every_line_that_is_fitted() -> None:
    recipe, phase = (
        load_recipe(CONFIGS / "recipes/standard.toml"),
        load_material(CONFIGS / "materials/nmc811.toml").phase,
    )
    radial = Integrator((CONFIGS / "poni/simulated.poni").read_text(encoding="utf-8"), recipe, SHAPE).radial
    for charge in (0, 177, 242):
        lines = scattering_vector(phase.system, phase.reflections, *lattice_at(charge))
        assert radial[0] + 2 < lines.min()
        assert lines.max() < radial[-1] - 2


def test_every_neighbour_line_is_near_the_path_of_a_fitted_one() -> None:
    model = load_material(CONFIGS / "materials/nmc811.toml")
    path = np.concatenate(
        [scattering_vector("hexagonal", model.phase.reflections, *lattice_at(charge)) for charge in range(0, 243, 5)]
    )
    for phase in model.neighbours:
        for line in scattering_vector(phase.system, phase.reflections, phase.a, phase.c):
            assert np.abs(path - line).min() < 3.0, f"{phase.name} at {line:.2f} nm⁻¹"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('npt = 100\nunit = "q_nm^-1"\nradial_range = [50.0, 4.0]', "lower bound first"),
        ('npt = 100\nunit = "q_nm^-1"\nmask = "none.edf"', "no such file"),
        ('npt = 100\nunit = "q_nm^-1"\ndark = "none.h5"', "dark = 'none.h5': no such file"),
        ('npt = 100\nunit = "q_A^-1"', "unit"),
        ('npt = 100\nunit = "d_A"\nradial_range = [0.0, 4.0]', "above 0 Å"),
        ('npt = 100\nunit = "q_nm^-1"\nazimuth_range = [-100.0, 300.0]', "at most a turn"),
        ('npt = 100\nunit = "q_nm^-1"\nsplit = "full"\nsectors = 36', "sectors = 36 with split = 'full'"),
        ('npt = 100\nunit = "q_nm^-1"\n[[regions]]\nname = "a"\n[[regions]]\nname = "a"', "each name once"),
        ('npt = 100\nunit = "q_nm^-1"\n[[regions]]\nname = "a"\nradial_range = [3.0, 2.0]', "lower bound first"),
        ('npt = 100\nunit = "q_nm^-1"\norientation = 5', "orientation"),
    ],
)
def test_a_wrong_recipe_gets_one_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words) as refusal:
        load_recipe(path)
    assert "\n" not in str(refusal.value)
    assert str(path) in str(refusal.value)


def test_a_recipe_comes_back_from_the_journal(tmp_path: Path) -> None:
    path, dark = tmp_path / "recipe.toml", tmp_path / "dark.edf"
    dark.touch()
    path.write_text(
        'npt = 100\nunit = "d_A"\nsectors = 36\nazimuth_range = [-90.0, 90.0]\ndark = "dark.edf"\nsaturation = 1e6\n'
        'monitor_reference = 1e5\nparasitic = ["steel"]\n[[regions]]\nname = "halo"\nradial_range = [1.0, 2.0]\n',
        encoding="utf-8",
    )
    recipe = load_recipe(path)
    assert recipe.dark == dark
    assert recipe.regions[0].radial_range == (1.0, 2.0)
    assert Recipe.from_document(json.loads(json.dumps(recipe.document()))) == recipe


def test_a_recipe_of_an_older_journal_has_the_defaults() -> None:
    recipe = Recipe.from_document({"npt": 100, "unit": "q_nm^-1", "radial_range": [1.0, 2.0], "mask": None})
    assert recipe == Recipe(npt=100, unit="q_nm^-1", radial_range=(1.0, 2.0))


@pytest.mark.parametrize(("system", "axis"), [("hexagonal", ""), ("cubic", "c_A = 5.4")])
def test_a_phase_has_the_axes_of_its_system(tmp_path: Path, system: str, axis: str) -> None:
    path = tmp_path / "material.toml"
    path.write_text(
        f'[phase]\nname = "Si"\nsystem = "{system}"\na_A = 5.43\n{axis}\nreflections = [[1, 1, 1]]', "utf-8"
    )
    with pytest.raises(ConfigurationError, match=f"Si is {system}"):
        load_material(path)
