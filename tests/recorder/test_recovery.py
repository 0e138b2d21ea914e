"""Files of record rebuilt with ``operando recover``: the same as ever, and every loss told with its times."""

import hashlib
import json
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import Result
from recorder.made_run import CONFIGS, NMC811, MadeRun, at
from recorder.same_file import assert_same_file
from typer.testing import CliRunner

from operando.cli import app
from operando.config import load
from operando.errors import ConfigurationError
from operando.history import EnvironmentHistory
from operando.journal import Journal
from operando.recorder.instants import iso8601
from operando.recorder.losses import Kind, host_loss, log_gaps
from operando.recorder.missing import DROPPED
from operando.recorder.recovery import Recovery, State, recover
from operando.recorder.service import run as record
from operando.recorder.validation import validate


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    """A run that has ended, with everything it left but its file of record."""
    made = MadeRun(tmp_path, frames=6, per_file=3, lattice=NMC811)
    made.write_frames()
    made.write_log()
    made.write_journal()
    return made


def rebuild(run: MadeRun, folder: str = "recovered") -> Recovery:
    with closing(EnvironmentHistory(run.root / "environment")) as history:
        return recover(run.journal, run.root / folder, history)


def alter(run: MadeRun, name: str, number: int) -> int:
    """Change a letter in the line of the n-th document of a name; return the number of the line."""
    lines = run.journal.read_bytes().splitlines(keepends=True)
    places = [place for place, (each, _) in enumerate(run.documents) if each == name]
    place = places[number]
    lines[place] = lines[place].replace(b'"uid"', b'"u\xffd"', 1)
    run.journal.write_bytes(b"".join(lines))
    return place + 1


def fingerprints(root: Path) -> dict[Path, str]:
    files = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith(("-shm", "-wal"))]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def patterns(found: Recovery) -> int:
    """Rows that hold a pattern."""
    assert found.file is not None
    with h5py.File(found.file) as file:
        return int(np.isfinite(file["xrd/data/I"][()]).any(axis=1).sum())


def test_a_whole_run_is_rebuilt_as_the_recorder_writes_it(run: MadeRun) -> None:
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    before = fingerprints(run.root)
    found = rebuild(run)
    assert (found.state, found.frames, found.end_reason, found.losses) == (State.REBUILT, 6, "success", [])
    assert found.file == run.root / "recovered" / run.file.relative_to(run.data)
    assert validate(found.file) == []
    assert_same_file(run.file, found.file, resolve_links=True)
    assert before.items() <= fingerprints(run.root).items(), "an original was touched"


def test_a_second_time_nothing_is_left_to_do(run: MadeRun) -> None:
    first = rebuild(run)
    before = fingerprints(run.root)
    second = rebuild(run)
    assert (first.state, second.state) == (State.REBUILT, State.COMPLETE)
    assert (second.frames, second.losses, second.last_ns) == (first.frames, first.losses, first.last_ns)
    assert fingerprints(run.root) == before


def test_an_interrupted_recovery_is_gone_on_with(run: MadeRun) -> None:
    whole = rebuild(run)
    assert whole.file is not None
    part = run.root / "part" / whole.file.relative_to(run.root / "recovered")
    part.parent.mkdir(parents=True)
    part.write_bytes(whole.file.read_bytes()[:5000])
    found = rebuild(run, "part")
    assert found.state is State.REBUILT
    assert found.file == part
    assert_same_file(whole.file, part, resolve_links=True)


def test_a_damaged_line_is_told_with_its_number_and_its_times(run: MadeRun) -> None:
    line = alter(run, "event", 2)
    found = rebuild(run)
    damaged, missing = found.losses
    assert damaged.kind is missing.kind is Kind.JOURNAL
    assert f"line {line}, " in damaged.what
    assert (damaged.after_ns, damaged.before_ns) == (at(run.end_of(1) + 0.1), at(run.end_of(3) + 0.1))
    assert missing.what == "event 3 of stream 'xrd'"
    assert patterns(found) == found.frames == 6


def test_frames_whose_announcement_is_lost_are_named(run: MadeRun) -> None:
    alter(run, "stream_datum", 1)
    found = rebuild(run)
    assert [loss.what for loss in found.losses if loss.kind is Kind.FRAMES] == [
        "frame 2: no document announces them",
        f"1 frame behind the detector's number 1: {DROPPED}",
    ]
    assert patterns(found) == found.frames == 5


def test_frames_whose_file_is_not_named_any_more_are_told_together(run: MadeRun) -> None:
    alter(run, "stream_resource", 1)
    found = rebuild(run)
    (frames,) = [loss for loss in found.losses if loss.kind is Kind.FRAMES]
    assert frames.what == "frames 4 to 6: the document that names their file is lost"
    assert patterns(found) == found.frames == 3


def test_a_torn_end_is_told_with_the_last_whole_document(run: MadeRun) -> None:
    content = run.journal.read_bytes()
    run.journal.write_bytes(content[:-20])
    found = rebuild(run)
    assert (found.end_reason, found.last_ns) == ("abandoned", at(run.end_of(5) + 0.1))
    (torn, *_) = found.losses
    assert torn.what.startswith("torn end, line ")
    assert torn.after_ns == found.last_ns
    assert patterns(found) == 6


def test_a_raw_file_that_is_gone_costs_its_frames_alone(run: MadeRun) -> None:
    run.raw_file(1).unlink()
    found = rebuild(run)
    assert [loss.kind for loss in found.losses] == [Kind.FRAMES] * 3
    assert [loss.what.split(":")[0] for loss in found.losses] == ["frame 4", "frame 5", "frame 6"]
    assert "frames_000001.h5" in found.losses[0].what
    assert "no such file" in found.losses[0].what
    assert patterns(found) == 3


def test_a_gap_in_the_log_is_told_with_its_times(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=3)
    run.write_frames()
    run.write_log(end=4.0)
    run.write_journal()
    found = rebuild(run)
    (gap,) = found.losses
    assert gap.kind is Kind.ENVIRONMENT
    assert (gap.after_ns, gap.before_ns) == (at(4.0), at(run.duration))
    assert f"between {iso8601(at(4.0))} and {iso8601(at(run.duration))}" in str(gap)


def test_a_gap_is_found_across_the_pieces_that_the_log_is_read_in(run: MadeRun) -> None:
    with closing(EnvironmentHistory(run.root / "environment")) as history:
        assert list(log_gaps(history, at(-5.0), at(run.duration))) == []
        before, behind = log_gaps(history, at(-1500.0), at(1500.0))
    assert (before.after_ns, before.before_ns) == (at(-1500.0), at(-5.0))
    assert behind.before_ns == at(1500.0)


def test_a_log_that_ends_with_the_journal_tells_of_a_dead_host(run: MadeRun) -> None:
    """The log ends three seconds behind the run."""
    with closing(EnvironmentHistory(run.root / "environment")) as history:
        (loss,) = host_loss(history, at(run.duration), at(1000.0))
        assert (loss.after_ns, loss.before_ns) == (at(run.duration), at(run.duration + 0.5))
        assert list(host_loss(history, at(0.0), at(1000.0))) == [], "the log goes on behind this document"
        assert list(host_loss(history, at(run.duration), at(run.duration + 2.0))) == [], "it may still go on"


def test_without_a_start_document_nothing_is_rebuilt_and_that_is_said(run: MadeRun) -> None:
    alter(run, "start", 0)
    found = rebuild(run)
    assert (found.state, found.file) == (State.FAILED, None)
    assert "no whole start document" in str(found.losses[0])
    assert not [line for line in found.lines() if "lost:" in line], "what is no file is in its journal still"


def test_a_run_that_goes_on_is_left_to_the_recorder(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=1)
    run.write_log()
    journal = Journal(tmp_path / "journal")
    journal(*run.documents[0])
    found = rebuild(run)
    journal.close()
    assert found.state is State.OPEN
    assert not (tmp_path / "recovered").exists()


def test_the_command_tells_losses_and_exits_with_1(run: MadeRun, tmp_path: Path) -> None:
    def command(*words: str) -> Result:
        return CliRunner().invoke(app, ["recover", *words])

    done = command(str(run.journal), "-o", str(tmp_path / "once"), "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["lost"] == 0
    assert facts["runs"][0]["state"] == "rebuilt"
    run.raw_file(0).unlink()
    done = command(str(run.journal.parent), "-o", str(tmp_path / "twice"))
    assert done.exit_code == 1
    assert done.stdout.count("lost: frames: frame ") == 3
    assert isinstance(command(str(tmp_path), "-o", str(tmp_path)).exception, ConfigurationError)
    elsewhere = command(str(run.journal), "-o", str(tmp_path), "--root", str(tmp_path / "data"))
    assert "name the state root" in str(elsewhere.exception)


def test_no_run_is_rebuilt_before_each_has_an_environment_log(run: MadeRun, tmp_path: Path) -> None:
    copy = tmp_path / "another" / "journal" / run.journal.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(run.journal.read_bytes())
    done = CliRunner().invoke(app, ["recover", str(run.journal), str(copy), "-o", str(tmp_path / "out")])
    assert f"no environment log of {copy.name}" in str(done.exception)
    assert not (tmp_path / "out").exists()
