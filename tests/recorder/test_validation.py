"""Each rule of ``operando validate`` fires on a file that breaks it, and on no other."""

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_run import CONFIGS, MadeRun
from typer import Typer
from typer.testing import CliRunner

from operando.cli.validate import validate as command
from operando.config import load
from operando.recorder.service import run as record
from operando.recorder.validation import validate

Defect = Callable[[h5py.File], None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = MadeRun(tmp_path_factory.mktemp("root"), frames=3)
    run.write_frames()
    run.write_log()
    run.write_journal()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    return run.file


@pytest.fixture
def broken(whole: Path, tmp_path: Path) -> Callable[[Defect], Path]:
    def spoil(defect: Defect) -> Path:
        path = tmp_path / "broken.nxs"
        shutil.copy(whole, path)
        with h5py.File(path, "r+") as file:
            defect(file)
        return path

    return spoil


def remove(name: str) -> Defect:
    def defect(file: h5py.File) -> None:
        del file[name]

    return defect


def attribute(place: str, name: str, value: object) -> Defect:
    def defect(file: h5py.File) -> None:
        file[place].attrs[name] = value

    return defect


def without_attribute(place: str, name: str) -> Defect:
    def defect(file: h5py.File) -> None:
        del file[place].attrs[name]

    return defect


def replaced(name: str, value: object) -> Defect:
    """Put other values there; the attributes stay."""

    def defect(file: h5py.File) -> None:
        attributes = dict(file[name].attrs)
        del file[name]
        file[name] = value
        file[name].attrs.update(attributes)

    return defect


def in_place(name: str, rows: object, value: object) -> Defect:
    def defect(file: h5py.File) -> None:
        file[name][rows] = value

    return defect


DEFECTS: dict[str, tuple[Defect, str]] = {
    # application definition and base classes
    "no wavelength": (remove("xrd/instrument/monochromator/wavelength"), "required field is not in"),
    "no source": (remove("xrd/instrument/source"), "NXsource: This required group is not in"),
    "parameters of another class": (attribute("xrd/reduction/input", "NX_class", "NXcollection"), "required group"),
    "unknown definition": (replaced("xrd/definition", "NXfuture"), '"NXfuture" does not exist'),
    "a date that is none": (replaced("xrd/reduction/date", "yesterday"), "not a valid NX_DATE_TIME"),
    "a truth that is a number": (replaced("xrd/solid_angle_applied", 1.5), "not a valid NX_BOOLEAN"),
    "a group where none may be": (
        attribute("environment/instrument/pressure/piezo/regulator", "NX_class", "NXdetector"),
        "invalid class",
    ),
    # the chain of defaults
    "default leads nowhere": (attribute("/", "default", "elsewhere"), "there is no such group"),
    "default ends early": (without_attribute("xrd/reduction", "default"), "ends here"),
    # NXdata
    "signal names nothing": (attribute("xrd/data", "signal", "J"), "@signal = 'J': there is no such field"),
    "an axis names nothing": (attribute("xrd/reduction/picture", "axes", ["t", "radial_axis"]), "axis 't'"),
    "too few axes": (attribute("xrd/reduction/picture", "axes", ["time"]), "2 dimensions"),
    "an axis too short": (replaced("xrd/data/radial_axis", np.arange(7.0)), "shape (7,) as an axis of length 400"),
    "an axis of words": (replaced("xrd/data/radial_axis", ["q"] * 400), "the axis is not numeric"),
    "a signal of words": (replaced("environment/stack_pressure/value", ["high"] * 141), "the signal is not numeric"),
    "errors of another shape": (replaced("xrd/data/I_errors", np.ones((3, 7))), "its values have (3, 400)"),
    "indices of nothing": (attribute("xrd/data", "dose_indices", 0), "there is no field 'dose'"),
    "a column too short": (replaced("xrd/data/voltage", np.ones(2)), "along dimension 0"),
    # units
    "no unit": (without_attribute("xrd/frames/stack_pressure", "units"), "a unit of pressure is wanted"),
    "wavelength in furlongs": (attribute("xrd/instrument/monochromator/wavelength", "units", "furlong"), "of length"),
    "unit category for a unit": (attribute("xrd/data/radial_axis", "units", "NX_PER_LENGTH"), "of per length"),
    "q in degrees": (attribute("xrd/data/radial_axis", "units", "degrees"), "of per length"),
    "an axis of something": (attribute("xrd/data/radial_axis", "long_name", "r"), "one of q, 2theta"),
    "pressure in volts": (attribute("xrd/frames/stack_pressure", "units", "V"), "of pressure"),
    # what holds in every file of record
    "not ended": (remove("xrd/end_time"), "not complete"),
    "a column longer than the others": (replaced("xrd/frames/current_std", np.zeros(4)), "4 rows, there are 3"),
    "one frame twice": (in_place("xrd/frames/frame_number", slice(None), [1, 2, 2]), "frame 2 is there more than once"),
    "time stands still": (in_place("xrd/frames/time", slice(None), [1.0, 2.0, 2.0]), "goes back or stands still"),
    "an empty row without a reason": (in_place("xrd/data/I", 1, np.nan), "row 1 holds no pattern"),
    "a log whose time goes back": (
        in_place("environment/instrument/pressure/load_cell/value_log/time", 3, -9.0),
        "goes back",
    ),
    "a log without values": (
        remove("environment/instrument/electrochemistry/voltage/value_log/value"),
        "a log without time or value",
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_the_rule_fires(broken: Callable[[Defect], Path], name: str) -> None:
    defect, words = DEFECTS[name]
    findings = validate(broken(defect))
    assert any(words in str(finding) for finding in findings), [str(finding) for finding in findings]


def test_a_whole_file_is_valid_also_after_broken_ones(broken: Callable[[Defect], Path], whole: Path) -> None:
    """nexusformat keeps its validators, and what they remember, for the life of the process."""
    assert validate(broken(replaced("xrd/data/radial_axis", np.arange(7.0))))
    assert validate(whole) == []


def test_a_file_is_only_read(whole: Path) -> None:
    before = whole.stat()
    whole.chmod(0o444)
    validate(whole)
    assert whole.stat().st_mtime_ns == before.st_mtime_ns


def test_something_else_is_no_file_of_record(tmp_path: Path) -> None:
    text = tmp_path / "text.nxs"
    text.write_text("not HDF5")
    assert "not an HDF5 file" in str(validate(text)[0])
    with h5py.File(tmp_path / "empty.nxs", "w") as file:
        file["something"] = 1
    assert "no NXentry" in str(validate(tmp_path / "empty.nxs")[0])


def test_the_command_says_what_is_wrong_by_line_and_exit_status(
    broken: Callable[[Defect], Path], whole: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = Typer()
    app.command()(command)
    good = CliRunner().invoke(app, [str(whole)])
    assert (good.exit_code, good.stdout.strip()) == (0, f"{whole}: valid")
    path = broken(remove("xrd/end_time"))
    bad = CliRunner().invoke(app, [str(path), str(whole)])
    assert bad.exit_code == 1
    assert bad.stdout == f"{path}: /xrd: error: no end_time: the entry is not complete\n"
    assert capfd.readouterr().out == "", "nexusformat's own words stay inside"
