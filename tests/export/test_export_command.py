"""``operando export``: exit status, the object for programs, and words for what a file does not hold."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from click.testing import Result
from recorder.damaged import made_file
from recorder.made_run import MadeRun
from typer import Typer
from typer.testing import CliRunner

from operando.cli.export import export
from operando.errors import ConfigurationError, RecordError


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return made_file(tmp_path_factory.mktemp("root"))


def invoke(*arguments: object) -> Result:
    app = Typer()
    app.command()(export)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_bdf(run: MadeRun, tmp_path: Path) -> None:
    done = invoke(run.file, "--to", "bdf", "--out", tmp_path, "--institution", "SIM", "--json")
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout.splitlines()[-1])
    assert Path(told["file"]).is_file()
    assert Path(told["file"]).name.startswith("SIM__")
    assert (told["rows"], told["left_out"]) == (15, 0)


def test_xye_into_a_folder_named_after_the_file(run: MadeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = invoke(run.file, "--to", "xye", "--frames", "1:", "--json")
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["files"], told["skipped"]) == (2, 0)
    assert len(list((tmp_path / f"{run.file.stem}_xye").glob("*.xye"))) == 2


def test_fio_as_the_recorder_writes_it_at_petra(run: MadeRun, tmp_path: Path) -> None:
    done = invoke(run.file, "--to", "fio", "--out", str(tmp_path), "--json")
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout.splitlines()[-1])
    assert told == {"file": str(tmp_path / f"{run.file.stem}.fio"), "rows": run.frames}
    assert "%d\n Col 1 " in Path(told["file"]).read_text()
    assert isinstance(invoke(run.file, "--to", "fio", "--out", str(tmp_path)).exception, RecordError), "replaced"


def test_a_run_without_frames_has_no_fio(run: MadeRun, tmp_path: Path) -> None:
    path = tmp_path / "without.nxs"
    path.write_bytes(run.file.read_bytes())
    with h5py.File(path, "r+") as file:
        del file["xrd"]
    refused = invoke(path, "--to", "fio", "--out", str(tmp_path / "out"))
    assert isinstance(refused.exception, RecordError)
    assert not (tmp_path / "out").exists()


def test_what_is_not_there_is_refused_in_words(run: MadeRun) -> None:
    done = invoke(run.file, "--to", "xdi")
    assert isinstance(done.exception, RecordError)
    assert "no run records spectra" in str(done.exception)


def test_a_wrong_call(run: MadeRun, tmp_path: Path) -> None:
    assert invoke(run.file, "--to", "doc").exit_code == 2
    assert isinstance(invoke(tmp_path / "nothing.nxs", "--to", "bdf").exception, ConfigurationError)
    assert isinstance(invoke(run.file, "--to", "xye", "--frames", "a:b").exception, ConfigurationError)
    assert isinstance(invoke(Path(__file__), "--to", "xye").exception, RecordError)


@pytest.mark.parametrize(
    ("to", "option"), [("bdf", ["--frames", "0:2"]), ("fio", ["--mean"]), ("xye", ["--institution", "SIM"])]
)
def test_an_option_of_another_format_is_refused(run: MadeRun, tmp_path: Path, to: str, option: list[str]) -> None:
    done = invoke(run.file, "--to", to, "--out", tmp_path / "out", *option)
    assert isinstance(done.exception, ConfigurationError)
    assert f"{option[0]}: means nothing to {to}" in str(done.exception)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("to", ["bdf", "xye", "fio"])
def test_a_folder_that_takes_nothing_is_told_in_words(run: MadeRun, tmp_path: Path, to: str) -> None:
    (tmp_path / "out").write_text("a file, where a folder is wanted")
    done = invoke(run.file, "--to", to, "--out", tmp_path / "out")
    assert isinstance(done.exception, RecordError)
    assert "cannot be written" in str(done.exception)


def test_a_file_that_is_being_written_is_told_in_words(run: MadeRun, tmp_path: Path) -> None:
    path = tmp_path / "growing.nxs"
    path.write_bytes(run.file.read_bytes())
    with h5py.File(path, "r+"):
        held = subprocess.run(
            [sys.executable, "-m", "operando", "export", str(path), "--to", "bdf"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert held.returncode == 1
    assert "is being written; export it when its run has ended" in held.stderr


def test_a_file_that_is_damaged_inside_is_told_in_words(run: MadeRun, tmp_path: Path) -> None:
    path = tmp_path / "damaged.nxs"
    path.write_bytes(run.file.read_bytes())
    with h5py.File(path, "r+") as file:
        del file["xrd/instrument/monochromator/wavelength"]
    done = invoke(path, "--to", "xye", "--out", tmp_path / "out")
    assert isinstance(done.exception, RecordError)
    assert "wavelength" in str(done.exception)
    assert "operando validate" in str(done.exception)
