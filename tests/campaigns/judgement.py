"""What kills have left: every acknowledged document, every announced frame once, every file the undisturbed one."""

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import h5py
from live.conftest import Live
from recorder.same_file import assert_same_file

from operando.journal import read_journal
from operando.recorder.frames import FrameFiles
from operando.recorder.losses import Kind
from operando.recorder.pattern_entry import pattern_entries
from operando.recorder.recovery import State, recover
from operando.recorder.run import FrameStore

Frame = tuple[str, int]
"""File of raw frames, and index in it."""


@dataclass
class Count:
    """How much was looked at."""

    runs: int = 0
    documents: int = 0
    frames: int = 0
    unclosed: int = 0
    """Raw files whose writer was killed."""


def assert_acknowledged(live: Live, acknowledged: Path, count: Count) -> None:
    """Whatever the journal has returned from is in a journal."""
    there = {str(doc["uid"]) for path in live.journals.glob("*.jsonl") for _, doc in read_journal(path)}
    wanted = [line.split()[1] for line in acknowledged.read_text().splitlines()]
    assert [uid for uid in wanted if uid not in there] == []
    count.documents += len(wanted)


def assert_run(live: Live, journal: Path, record: Path, fresh: Path, count: Count) -> None:
    """The frames that the documents promise are in the file of record, which is that of a fresh rebuild."""
    stores, promised = announced(journal)
    assert len(set(promised)) == len(promised)
    written = true_frames(live)
    assert rows(record) == [(frame, written[frame]) for frame in promised]
    count.unclosed += sum(not opens(store, promised) for store in stores)
    with closing(live.history()) as history:
        found = recover(journal, fresh, history)
    assert found.state is State.REBUILT
    assert found.file is not None
    assert {loss.kind for loss in found.losses} <= {Kind.ENVIRONMENT}, found.losses
    assert_same_file(record, found.file, resolve_links=True)
    count.runs += 1
    count.frames += len(promised)


def announced(journal: Path) -> tuple[list[FrameStore], list[Frame]]:
    """The files and the frames that the documents of a run promise, in their order."""
    stores: dict[str, FrameStore] = {}
    frames = []
    for name, doc in read_journal(journal):
        if name == "stream_resource":
            stores[doc["uid"]] = FrameStore.from_resource(doc)
        elif name == "stream_datum":
            indices = range(doc["indices"]["start"], doc["indices"]["stop"])
            frames += [(str(stores[doc["stream_resource"]].path), index) for index in indices]
    return list(stores.values()), frames


def true_frames(live: Live) -> dict[Frame, int]:
    """The frames that the simulator knows to have written, and the detector's number of each."""
    lines = (live.place.path / "sim" / "truth.jsonl").read_text().split("\n")[:-1]
    frames = [json.loads(line) for line in lines if line.endswith("}")]
    return {(frame["file"], frame["index"]): frame["unique_id"] for frame in frames if frame["file"]}


def rows(record: Path) -> list[tuple[Frame, int]]:
    """The frames of a file of record, which opens like any other, with their numbers; none lacks anything."""
    with h5py.File(record, "r") as file:
        for patterns in pattern_entries(file):
            assert patterns.gaps() == []
            detector = patterns.entry["instrument/detector"]
            links = [detector.get(name, getlink=True) for name in sorted(detector) if name.startswith("frames_")]
            files = [str((record.parent / link.filename).resolve()) for link in links]
            columns = (patterns.frames[name][()].tolist() for name in ("raw_file", "raw_index", "frame_number"))
            return [((files[number], index), unique) for number, index, unique in zip(*columns, strict=True)]
    return []


def opens(store: FrameStore, frames: list[Frame]) -> bool:
    """Whether a raw file opens like any other; one that a killed writer has left is read as the recorder does."""
    try:
        with h5py.File(store.path, "r") as file:
            assert len(file[store.dataset]) >= sum(file_ == str(store.path) for file_, _ in frames)
        return True
    except OSError:
        with closing(FrameFiles()) as files:
            for _, index in (frame for frame in frames if frame[0] == str(store.path)):
                assert files.read(store, index, abandoned=True).image is not None
        return False
