"""``operando validate``: what it takes, what it says, and what it leaves alone."""

import json
from fcntl import LOCK_EX, flock
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.damaged import damaged, made_file, remove, replaced, slim
from recorder.made_run import MadeRun
from typer import Typer
from typer.testing import CliRunner

from operando.cli.validate import validate as command
from operando.recorder.finding import Rule
from operando.recorder.validation import validate


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    made = made_file(tmp_path_factory.mktemp("root"))
    assert validate(made.file) == []
    slim(made.file)
    return made


def app() -> Typer:
    made = Typer()
    made.command()(command)
    return made


def test_a_whole_file_is_valid_also_after_broken_ones(run: MadeRun, tmp_path: Path) -> None:
    """nexusformat keeps its validators, and what they remember, for the life of the process."""
    assert validate(damaged(run, tmp_path, replaced("xrd/data/radial_axis", np.arange(7.0))))
    assert validate(run.file) == []


def test_a_file_is_only_read(run: MadeRun) -> None:
    before = run.file.stat()
    run.file.chmod(0o444)
    validate(run.file)
    assert run.file.stat().st_mtime_ns == before.st_mtime_ns


def test_something_else_is_no_file_of_record(tmp_path: Path) -> None:
    text = tmp_path / "text.nxs"
    text.write_text("not HDF5")
    assert "not an HDF5 file" in str(validate(text)[0])
    with h5py.File(tmp_path / "empty.nxs", "w") as file:
        file["something"] = 1
    assert "no NXentry" in str(validate(tmp_path / "empty.nxs")[0])
    assert validate(tmp_path / "empty.nxs")[0].rule is Rule.OPENS


def test_a_file_that_is_damaged_inside_is_judged_as_far_as_it_can_be_read(run: MadeRun, tmp_path: Path) -> None:
    address = 0

    def find(file: h5py.File) -> None:
        nonlocal address
        del file["environment/end_time"]
        address = h5py.h5o.get_info(file["xrd/data/I"].id).addr

    path = damaged(run, tmp_path, find)
    with path.open("r+b") as file:
        file.seek(address)
        file.write(b"\xff" * 16)  # its object header, as a lost block leaves it
    findings = validate(path)
    assert any("cannot be read" in finding.message for finding in findings if finding.rule is Rule.OPENS)
    assert any(finding.rule is Rule.COMPLETE and finding.place == "/environment" for finding in findings)
    assert len(findings) == len(set(findings))
    assert not any("\n" in finding.message for finding in findings)


def test_texts_that_are_lost_are_a_finding(run: MadeRun, tmp_path: Path) -> None:
    path = damaged(run, tmp_path, lambda _: None)
    before, _, after = path.read_bytes().rpartition(b"GCOL")  # the newest of HDF5's heaps of texts: the end times
    path.write_bytes(before + b"????" + after)
    assert any("cannot be read" in finding.message for finding in validate(path))


def test_a_file_that_leads_to_others_names_them(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "proposal.h5", "w") as file:
        file["one_1.1"] = h5py.ExternalLink("one/one_0001.h5", "/1.1")
        file["one_1.2"] = h5py.ExternalLink("one/one_0001.h5", "/1.2")
    (finding,) = validate(tmp_path / "proposal.h5")
    assert finding.message.endswith("only links to other files: validate one/one_0001.h5")


def test_a_file_that_is_being_written_says_so(run: MadeRun, tmp_path: Path) -> None:
    path = damaged(run, tmp_path, lambda _: None)
    with path.open("rb") as file:
        flock(file, LOCK_EX)  # as HDF5 does while a file is open for writing
        assert "being written" in str(validate(path)[0])


def test_the_command_says_what_is_wrong_by_line_and_exit_status(
    run: MadeRun, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = CliRunner().invoke(app(), [str(run.file)])
    assert (good.exit_code, good.stdout.strip()) == (0, f"{run.file}: valid")
    path = damaged(run, tmp_path, remove("xrd/end_time"))
    bad = CliRunner().invoke(app(), [str(path), str(run.file)])
    assert bad.exit_code == 1
    finding = f"{path}: /xrd: error: no end_time: the entry is not complete [complete]"
    assert bad.stdout.splitlines() == [finding, f"{run.file}: valid"]
    folder = CliRunner().invoke(app(), [str(tmp_path)])
    assert "a folder; a NeXus file is wanted" in str(folder.exception)
    assert capfd.readouterr().out == "", "nexusformat's own words stay inside"


def test_the_command_tells_programs_the_rule_and_the_place(run: MadeRun, tmp_path: Path) -> None:
    path = damaged(run, tmp_path, remove("xrd/end_time"))
    bad = CliRunner().invoke(app(), [str(path), str(run.file), "--json"])
    assert bad.exit_code == 1
    told = json.loads(bad.stdout.splitlines()[-1])
    assert told["valid"] is False
    assert told["findings"][str(run.file)] == []
    (finding,) = told["findings"][str(path)]
    assert (finding["rule"], finding["place"], finding["severity"]) == ("complete", "/xrd", "error")


def test_every_rule_is_in_the_table_of_the_reference() -> None:
    table = (Path(__file__).parents[2] / "docs" / "reference" / "validation.md").read_text()
    assert [rule for rule in Rule if f"| `{rule}` |" not in table] == []
