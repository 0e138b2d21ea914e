"""What a configuration says about the surroundings of the sample reaches the start document, or is refused by name."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from quality.measured_run import CONFIGS, SETTINGS, MeasuredRun

from operando.analysis.blank import Blank
from operando.config import Endstation, load, load_recipe
from operando.config.quality import QualityLimits
from operando.engine.surroundings import surroundings
from operando.errors import ConfigurationError, RecordError
from operando.recorder.blank_file import blank_from, read_blank, write_blank
from operando.recorder.blank_making import make_blank
from operando.recorder.quality_alarms import alarms
from operando.recorder.run import Run

RECIPE = load_recipe(CONFIGS / "recipes/standard.toml")


def _configured(folder: Path, integration: str = "", recipe: str = "", detector: str = "") -> Endstation:
    """Return the simulated endstation with more keys in some tables, its files beside it."""
    text = (CONFIGS / "simulated.toml").read_text(encoding="utf-8")
    for name in ("poni", "recipes", "materials"):
        (folder / name).symlink_to(CONFIGS / name)
    for name in ("monitor", "diode"):
        if f"without {name}" in detector:
            text = "\n".join(line for line in text.splitlines() if not line.startswith(f"{name}_attribute"))
    text = text.replace('calibrant = "CeO2', f'{integration}\ncalibrant = "CeO2')
    (folder / "recipe.toml").write_text((CONFIGS / "recipes/standard.toml").read_text() + recipe, encoding="utf-8")
    text = text.replace('recipe = "recipes/standard.toml"', 'recipe = "recipe.toml"')
    (folder / "station.toml").write_text(text, encoding="utf-8")
    return load(folder / "station.toml")


def _blank_in(folder: Path) -> Blank:
    radial = np.linspace(*RECIPE.radial_range, RECIPE.npt)
    blank = Blank(radial, np.full(RECIPE.npt, 3.0), np.full(RECIPE.npt, 0.1), 1e6, 1.6, 0.002)
    origin = {"run": "0f", "file": "00001_0f.nxs", "frames": 5, "poni": "…"}
    write_blank(folder / "blank.nxs", blank, RECIPE.document(), origin)
    return blank


def test_masked_materials_go_with_their_numbers(tmp_path: Path) -> None:
    config = _configured(tmp_path, recipe='parasitic = ["copper"]\n')
    found = surroundings(config, load_recipe(tmp_path / "recipe.toml"))
    assert [(each["name"], each["a"]) for each in found["parasitic"]] == [("copper", 3.615)]


def test_nothing_configured_is_nothing_in_the_document(tmp_path: Path) -> None:
    assert surroundings(_configured(tmp_path), RECIPE) == {}


def test_the_blank_goes_with_its_pattern(tmp_path: Path) -> None:
    blank = _blank_in(tmp_path)
    found = surroundings(_configured(tmp_path, integration='blank = "blank.nxs"'), RECIPE)["blank"]
    assert (found["source"], found["frames"], len(found["sha256"])) == ("0f", 5, 64)
    again = blank_from(found)
    assert np.array_equal(again.intensity, blank.intensity)
    assert (again.monitor, again.transmission) == (blank.monitor, blank.transmission)


@pytest.mark.parametrize("missing", ["monitor", "diode"])
def test_a_blank_without_a_transmission_is_refused(tmp_path: Path, missing: str) -> None:
    _blank_in(tmp_path)
    config = _configured(tmp_path, integration='blank = "blank.nxs"', detector=f"without {missing}")
    with pytest.raises(ConfigurationError, match=f"transmission of the cell, but .* has no {missing}_attribute"):
        surroundings(config, RECIPE)


def test_a_blank_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "blank.nxs").write_text("no blank", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"blank = 'blank.nxs': .*`operando blank` made"):
        surroundings(_configured(tmp_path, integration='blank = "blank.nxs"'), RECIPE)


def test_a_blank_is_never_overwritten_and_half_a_one_never_there(tmp_path: Path) -> None:
    blank = _blank_in(tmp_path)
    with pytest.raises(RecordError, match="exists already"):
        write_blank(tmp_path / "blank.nxs", blank, RECIPE.document(), {})
    with pytest.raises(KeyError):
        write_blank(tmp_path / "other.nxs", blank, RECIPE.document(), {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blank.nxs"]
    assert read_blank(tmp_path / "blank.nxs")["frames"] == 5


def test_a_run_without_monitors_makes_no_blank(tmp_path: Path) -> None:
    run = MeasuredRun(tmp_path, sample=False)
    detector = run.documents[0][1]["operando"]["configuration"]["detector"]
    detector.update({"monitor_attribute": None, "diode_attribute": None})
    record = run.record()
    with pytest.raises(RecordError, match="no incident_monitor beside its patterns"):
        make_blank(record, tmp_path / "blank.nxs")
    with h5py.File(record, "r") as file:
        assert "transmission" not in file["xrd/frames"]
        assert file["xrd/frames/beam_off"][:].tolist() == [-1] * 6


def test_alarms_are_words_with_value_and_limit(tmp_path: Path) -> None:
    run = Run.from_start(MeasuredRun(tmp_path, sample=True).documents[0][1])
    assert alarms(run, {"beam_off": 0, "change_previous": 0.1}) == ()
    assert alarms(run, {"change_previous": float("nan")}) == ()
    (words,) = alarms(run, {"beam_off": 0, "change_previous": 0.3})
    assert words == f"pattern changed by 0.3 in one frame, above {SETTINGS['change_above']:g} ([quality] change_above)"


def test_a_beam_that_is_off_is_said_in_the_unit_of_its_limit(tmp_path: Path) -> None:
    start = MeasuredRun(tmp_path, sample=True).documents[0][1]
    row = {"beam_off": 1, "change_previous": 0.3, "exposure_start": 7.0, "exposure_end": 7.5, "ring_current": 0.4}
    (words,) = alarms(Run.from_start(start), row | {"incident_monitor": 410.0})
    assert words == "beam off: 820 counts/s, below 1000 ([quality] beam_off_below_per_s)"
    quality = start["operando"]["configuration"]["quality"]
    quality["beam_off_below_mA"] = 1.5
    (words,) = alarms(Run.from_start(start), row | {"incident_monitor": float("nan")})
    assert words == "beam off: 0.4 mA, below 1.5 ([quality] beam_off_below_mA)"
    for limit in quality:
        assert limit in QualityLimits.model_fields
