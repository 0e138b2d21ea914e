"""``operando calibrate``: a PONI that says where it comes from, or whether the one there is still fits."""

import json
from collections.abc import Callable
from pathlib import Path

import fabio.tifimage
import numpy as np
import pytest
from calibration.shown_calibrant import frame_of, poni_of, shown
from click.testing import Result
from typer import Typer
from typer.testing import CliRunner

from operando.analysis.detector_position import displacement, position_of
from operando.analysis.geometry import read_geometry
from operando.cli.calibrate import calibrate
from operando.errors import AnalysisError, ConfigurationError, RecordError

Invoke = Callable[..., Result]


def invoke(*arguments: object) -> Result:
    app = Typer()
    app.command()(calibrate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frame of CeO2, the true geometry, and one that is 1.5 mm and 0.1 % wrong."""
    path = tmp_path_factory.mktemp("calibrant")
    setup = shown(path)
    fabio.tifimage.TifImage(frame_of(setup)).write(str(path / "ceo2.tif"))
    (path / "true.poni").write_text(poni_of(setup))
    (path / "wrong.poni").write_text(poni_of(setup, poni1=setup.poni1 + 1.5e-3, distance=setup.distance * 1.001))
    return path


def test_a_new_poni_is_written_with_where_it_comes_from(folder: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.poni"
    told = invoke(
        *(folder / "ceo2.tif", "--calibrant", "CeO2", "--from", folder / "wrong.poni", "-o", new),
        *("--by", "A. Meier", "--json"),
    )
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout.splitlines()[-1])
    truth, here = (position_of(read_geometry(path.read_text(), 3, (300, 290))) for path in (folder / "true.poni", new))
    assert displacement(truth, here).centre < 0.05
    assert found["centre_moved_px"] == pytest.approx(2.5, abs=0.1)
    assert found["distance_moved_ppm"] == pytest.approx(-999, abs=60)
    assert [ring["hkl"] for ring in found["rings"]][:3] == ["1 1 1", "0 0 2", "0 2 2"]
    remarks = [line for line in new.read_text().splitlines() if line.startswith("#")]
    for words in ("by A. Meier with operando", "pyFAI", "# Calibrant: CeO2", found["frames_sha256"], "Ring 1 1 1"):
        assert any(words in line for line in remarks), words


def test_pyfai_reads_what_was_written(folder: Path, tmp_path: Path) -> None:
    import pyFAI

    new = tmp_path / "new.poni"
    invoke(folder / "ceo2.tif", "--calibrant", "CeO2", "--from", folder / "true.poni", "-o", new)
    ours, theirs = read_geometry(new.read_text(), 3, (300, 290)), pyFAI.load(str(new))
    assert ours.get_config() == theirs.get_config()


def test_a_doubtful_geometry_is_said_to_be_so_wherever_it_is_read(folder: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.poni"
    told = invoke(folder / "ceo2.tif", "--calibrant", "Si", "--from", folder / "true.poni", "-o", new)
    assert told.exit_code == 0, told.output
    assert "doubtful: distance moved by" in told.stdout
    assert "# Doubtful: distance moved by" in new.read_text()


def test_what_is_there_is_never_overwritten(folder: Path) -> None:
    before = (folder / "true.poni").read_bytes()
    told = invoke(
        folder / "ceo2.tif", "--calibrant", "CeO2", "--from", folder / "wrong.poni", "-o", folder / "true.poni"
    )
    assert isinstance(told.exception, ConfigurationError)
    assert (folder / "true.poni").read_bytes() == before


def test_a_geometry_that_still_fits_is_told_from_one_that_does_not(folder: Path) -> None:
    good, bad = (
        invoke(folder / "ceo2.tif", "--calibrant", "CeO2", "--from", folder / name, "--check")
        for name in ("true.poni", "wrong.poni")
    )
    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "beam centre moved by" in bad.stdout
    assert "distance changed by -10" in bad.stdout
    assert "ppm, limit 200" in bad.stdout
    assert "no longer fits" not in good.stdout


def test_a_folder_that_is_not_there_is_said_before_anything_is_fitted(folder: Path, tmp_path: Path) -> None:
    new = tmp_path / "none" / "new.poni"
    told = invoke(folder / "ceo2.tif", "--calibrant", "CeO2", "--from", folder / "true.poni", "-o", new)
    assert isinstance(told.exception, ConfigurationError)
    assert "its folder does not exist" in str(told.exception)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        pytest.param(["--from", "true.poni"], ConfigurationError, "which calibrant", id="no calibrant"),
        pytest.param(["--calibrant", "CeO2"], ConfigurationError, "name one to start from", id="no geometry"),
        pytest.param(["--calibrant", "CeO2", "--from", "none.poni"], ConfigurationError, "a PONI file", id="no PONI"),
        pytest.param(["--calibrant", "CeO2", "--from", "true.poni", "--fix", "x"], AnalysisError, "unknown", id="fix"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, arguments: list[str], error: type[Exception], words: str) -> None:
    paths = [folder / each if each.endswith(".poni") else each for each in arguments]
    told = invoke(folder / "ceo2.tif", *paths)
    assert isinstance(told.exception, error)
    assert words in str(told.exception)


def test_a_frame_that_is_no_image_is_said(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "text.tif").write_text("no image")
    told = invoke(tmp_path / "text.tif", "--calibrant", "CeO2", "--from", folder / "true.poni")
    assert isinstance(told.exception, RecordError)


def test_a_masked_blemish_is_not_looked_at(folder: Path, tmp_path: Path) -> None:
    mask = np.zeros((300, 290), np.uint8)
    mask[:150] = 1
    fabio.tifimage.TifImage(mask).write(str(tmp_path / "mask.tif"))
    told = invoke(
        *(folder / "ceo2.tif", "--calibrant", "CeO2", "--from", folder / "true.poni", "--json"),
        *("--mask", tmp_path / "mask.tif"),
    )
    half = json.loads(told.stdout.splitlines()[-1])
    whole = json.loads(
        invoke(
            folder / "ceo2.tif", "--calibrant", "CeO2", "--from", folder / "true.poni", "--json"
        ).stdout.splitlines()[-1]
    )
    assert half["points"] < 0.7 * whole["points"]
