"""What the journal promises: a document that was acknowledged is on disk, and a dead owner is seen to be dead."""

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from journal.journals import path_of, run_documents

from operando.errors import JournalError
from operando.journal import Journal, JournalFollower, is_owned, read_journal


def test_a_run_comes_back_as_it_was_emitted(tmp_path: Path) -> None:
    documents = run_documents(events=3)
    journal = Journal(tmp_path)
    for name, doc in documents:
        journal(name, doc)
    assert list(read_journal(path_of(tmp_path, documents))) == documents


def test_a_document_is_on_disk_when_the_call_returns(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    journal = Journal(tmp_path)
    for count, (name, doc) in enumerate(documents, start=1):
        journal(name, doc)
        assert len(list(read_journal(path_of(tmp_path, documents)))) == count


def test_two_runs_one_after_the_other_have_a_file_each(tmp_path: Path) -> None:
    first, second = run_documents(events=1), run_documents(events=2)
    journal = Journal(tmp_path)
    for name, doc in first + second:
        journal(name, doc)
    assert {path.name for path in tmp_path.iterdir()} == {path_of(tmp_path, run).name for run in (first, second)}
    assert list(read_journal(path_of(tmp_path, second))) == second


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    first, second = run_documents(events=2), run_documents(events=2)
    journal = Journal(tmp_path)
    for pair in zip(first, second, strict=True):
        for name, doc in pair:
            journal(name, doc)
    assert list(read_journal(path_of(tmp_path, first))) == first
    assert list(read_journal(path_of(tmp_path, second))) == second


def test_a_line_is_an_object_with_name_and_document(tmp_path: Path) -> None:
    documents = run_documents(events=0)
    Journal(tmp_path)(*documents[0])
    (line,) = path_of(tmp_path, documents).read_text().splitlines()
    told = json.loads(line)
    assert (told["name"], told["doc"]) == documents[0]


def test_numpy_values_become_numbers_and_lists(tmp_path: Path) -> None:
    documents = run_documents(events=0)
    documents[0][1]["scale"] = {"gain": np.float32(0.5), "shape": np.array([2, 3]), "counts": np.int64(7)}
    journal = Journal(tmp_path)
    journal(*documents[0])
    ((_, start),) = read_journal(path_of(tmp_path, documents))
    assert start["scale"] == {"gain": 0.5, "shape": [2, 3], "counts": 7}


def test_what_is_not_json_is_refused_by_name(tmp_path: Path) -> None:
    documents = run_documents(events=0)
    documents[0][1]["folder"] = tmp_path
    with pytest.raises(JournalError, match=r"start document .* PosixPath"):
        Journal(tmp_path / "journal")(*documents[0])
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_run_is_owned_until_its_stop_document(tmp_path: Path) -> None:
    documents = run_documents(events=1)
    path = path_of(tmp_path, documents)
    journal = Journal(tmp_path)
    for name, doc in documents[:-1]:
        journal(name, doc)
        assert is_owned(path)
    journal(*documents[-1])
    assert not is_owned(path)


def test_a_closed_journal_owns_nothing(tmp_path: Path) -> None:
    documents = run_documents(events=0)
    journal = Journal(tmp_path)
    journal(*documents[0])
    journal.close()
    assert not is_owned(path_of(tmp_path, documents))


def test_a_document_of_no_open_run_ends_the_plan(tmp_path: Path) -> None:
    documents = run_documents(events=1)
    with pytest.raises(JournalError, match="belongs to no open run"):
        Journal(tmp_path)(*documents[2])


def test_a_journal_is_never_written_again(tmp_path: Path) -> None:
    documents = run_documents(events=0)
    Journal(tmp_path)(*documents[0])
    with pytest.raises(JournalError, match="never written again"):
        Journal(tmp_path)(*documents[0])


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = run_documents(events=2)
    journal = Journal(tmp_path)
    journal(*documents[0])
    journal(*documents[1])
    write = os.write

    def nearly_full(descriptor: int, data: bytes) -> int:
        if len(data) < 20:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", nearly_full)
        with pytest.raises(JournalError, match="No space left on device"):
            journal(*documents[2])
    journal(*documents[3])
    assert list(read_journal(path_of(tmp_path, documents))) == [documents[0], documents[1], documents[3]]


def test_a_torn_last_line_is_left_out_and_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    documents = run_documents(events=2)
    journal = Journal(tmp_path)
    for name, doc in documents:
        journal(name, doc)
    path = path_of(tmp_path, documents)
    path.write_bytes(path.read_bytes()[:-10])
    with caplog.at_level(logging.WARNING):
        assert list(read_journal(path)) == documents[:-1]
    assert "its end is torn from line 5 on" in caplog.text


def test_a_broken_line_in_the_middle_is_not_passed_over(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    journal = Journal(tmp_path)
    for name, doc in documents:
        journal(name, doc)
    path = path_of(tmp_path, documents)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1][:30] + b"\n", *lines[2:]]))
    with pytest.raises(JournalError, match="line 2 is not a document"):
        list(read_journal(path))


def test_a_follower_sees_each_whole_line_once(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    path = tmp_path / "growing.jsonl"
    follower = JournalFollower(path)
    assert follower.poll() == []
    text = b"".join(json.dumps({"name": name, "doc": doc}).encode() + b"\n" for name, doc in documents)
    seen = []
    with path.open("wb", buffering=0) as growing:
        for start in range(0, len(text), 37):
            growing.write(text[start : start + 37])
            seen += follower.poll()
    assert seen == documents
    assert follower.poll() == []


OWNER = """
import sys, threading
from pathlib import Path
from operando.journal import Journal
journal = Journal(Path(sys.argv[1]))
journal("start", {"uid": "of-the-dead", "time": 0.0})
print("started", flush=True)
threading.Event().wait()
"""


def test_a_killed_owner_leaves_an_abandoned_journal(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "started\n"
        path = tmp_path / "of-the-dead.jsonl"
        assert is_owned(path)
        owner.send_signal(signal.SIGKILL)
    assert not is_owned(path)
    assert [name for name, _ in read_journal(path)] == ["start"]
    with pytest.raises(JournalError, match="cannot be opened"):
        is_owned(tmp_path / "no_such.jsonl")


def test_a_newborn_is_locked_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = run_documents(events=0)
    rename = os.rename
    owned_at_birth = []

    def watched(source: Path, target: Path) -> None:
        owned_at_birth.append((is_owned(source), [name for name, _ in read_journal(source)], source.suffix))
        rename(source, target)

    monkeypatch.setattr(os, "rename", watched)
    Journal(tmp_path)(*documents[0])
    assert owned_at_birth == [(True, ["start"], ".new")]
