"""``operando integrate``: the recorder's integration on images that lie about."""

import json
import os
from pathlib import Path

import fabio.tifimage
import h5py
import numpy as np
import pytest
from click.testing import Result
from recorder.made_run import CONFIGS, PONI, MadeRun, image
from silx.io.nxdata import get_default
from typer import Typer
from typer.testing import CliRunner

from operando.cli.integrate import integrate
from operando.config import load_recipe
from operando.errors import AnalysisError, ConfigurationError, RecordError
from operando.recorder.validation import validate

STANDARD = load_recipe(CONFIGS / "recipes" / "standard.toml")


def invoke(*arguments: object) -> Result:
    app = Typer()
    app.command()(integrate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def poni(tmp_path: Path) -> Path:
    path = tmp_path / "geometry.poni"
    path.write_text(PONI)
    return path


def test_images_become_patterns(tmp_path: Path, poni: Path) -> None:
    frames = [tmp_path / f"frame_{number}.tif" for number in range(2)]
    for number, path in enumerate(frames):
        fabio.tifimage.TifImage(data=image(number)).write(str(path))
    output = tmp_path / "out.nxs"
    result = invoke(*frames, "--poni", poni, "-o", output, "--json")
    assert result.exit_code == 0, result.exception
    assert json.loads(result.stdout.splitlines()[-1]) == {
        "file": str(output),
        "frames": 2,
        "bins": STANDARD.npt,
        "unit": STANDARD.unit,
    }
    assert validate(output) == []
    with h5py.File(output) as file:
        assert file["xrd/frames/file"].asstr()[1] == str(frames[1])
        picture = get_default(file)
        assert picture is not None
        assert picture.is_valid


def test_all_frames_of_a_detectors_file_are_taken(tmp_path: Path, poni: Path) -> None:
    run = MadeRun(tmp_path / "root", frames=3, per_file=3)
    run.write_frames()
    output = tmp_path / "out.nxs"
    assert invoke(run.raw_file(0), "--poni", poni, "-o", output).exit_code == 0
    with h5py.File(output) as file:
        assert file["xrd/frames/file_index"][()].tolist() == [0, 1, 2]
        assert not np.array_equal(file["xrd/data/I"][0], file["xrd/data/I"][2])


def test_a_mask_takes_pixels_out(tmp_path: Path, poni: Path) -> None:
    frame, mask = tmp_path / "frame.tif", tmp_path / "mask.tif"
    data, masked = image(0), np.zeros((240, 200), np.int8)
    data[120:, :], masked[120:, :] = 1_000_000, 1
    fabio.tifimage.TifImage(data=data).write(str(frame))
    fabio.tifimage.TifImage(data=masked).write(str(mask))
    output = tmp_path / "out.nxs"
    assert invoke(frame, "--poni", poni, "-o", output, "--mask", mask).exit_code == 0
    with h5py.File(output) as file:
        assert np.max(file["xrd/data/I"]) < 10_000
        assert file["xrd/reduction/input/mask"].asstr()[()] == str(mask)


def test_nothing_is_overwritten_and_nothing_half_written_stays(tmp_path: Path, poni: Path) -> None:
    output = tmp_path / "out.nxs"
    output.write_text("precious")
    frame = tmp_path / "frame.tif"
    frame.write_text("no image")
    assert isinstance(invoke(frame, "--poni", poni, "-o", output).exception, ConfigurationError)
    assert output.read_text() == "precious"
    output.unlink()
    assert isinstance(invoke(frame, "--poni", poni, "-o", output).exception, RecordError)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frame.tif", "geometry.poni"]


@pytest.mark.realdata
def test_a_real_ceria_frame_gives_the_reference_pattern(tmp_path: Path) -> None:
    """Against the integration that Dioptas ships beside its frame (Dioptas, tests/data)."""
    folder = Path(os.environ.get("OPERANDO_REALDATA", "nowhere")) / "dioptas_CeO2"
    if not folder.is_dir():
        pytest.skip("OPERANDO_REALDATA names no folder with dioptas_CeO2")
    output = tmp_path / "ceria.nxs"
    recipe = CONFIGS / "recipes" / "dioptas_ceo2.toml"
    frame, geometry = folder / "CeO2_Pilatus1M.tif", folder / "CeO2_Pilatus1M.poni"
    assert invoke(frame, "--poni", geometry, "--recipe", recipe, "-o", output).exit_code == 0
    assert validate(output) == []
    reference = np.loadtxt(folder / "CeO2_Pilatus1M.xy")
    with h5py.File(output) as file:
        two_theta, intensity = file["xrd/data/radial_axis"][()], file["xrd/data/I"][0]
        assert file["xrd/data/radial_axis"].attrs["long_name"] == "2theta"
    here = np.interp(reference[:, 0], two_theta, intensity)
    assert np.median(np.abs(here / reference[:, 1] - 1)) < 0.002
    assert np.corrcoef(here, reference[:, 1])[0, 1] > 0.999


def test_a_recipe_with_sectors_and_regions_gives_cakes_and_numbers_too(tmp_path: Path, poni: Path) -> None:
    recipe = tmp_path / "caked.toml"
    recipe.write_text(
        (CONFIGS / "recipes" / "standard.toml").read_text()
        + 'sectors = 6\n[[regions]]\nname = "ring"\nradial_range = [12.0, 14.5]\n'
    )
    frame = tmp_path / "frame.tif"
    fabio.tifimage.TifImage(data=image(1)).write(str(frame))
    output = tmp_path / "out.nxs"
    result = invoke(frame, "--poni", poni, "--recipe", recipe, "-o", output)
    assert result.exit_code == 0, result.exception
    assert validate(output) == []
    with h5py.File(output) as file:
        assert file["xrd_cake/data/I"].shape == (1, 6, STANDARD.npt)
        assert file["xrd/frames/region_ring"][0] > 20


def test_a_recipe_that_scales_by_a_monitor_needs_one(tmp_path: Path, poni: Path) -> None:
    recipe = tmp_path / "scaled.toml"
    recipe.write_text((CONFIGS / "recipes" / "standard.toml").read_text() + "monitor_reference = 1e6\n")
    frame = tmp_path / "frame.tif"
    fabio.tifimage.TifImage(data=image(1)).write(str(frame))
    output = tmp_path / "out.nxs"
    result = invoke(frame, "--poni", poni, "--recipe", recipe, "-o", output)
    assert isinstance(result.exception, AnalysisError)
    assert "monitor_reference" in str(result.exception)
    assert not output.exists()
