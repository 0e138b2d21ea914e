"""A document too large for JSON: its arrays go into HDF5 files, and come back."""

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import suitcase.jsonl
from event_model import DocumentNames, schema_validators
from journal.journals import Document, path_of, run_documents

from operando.errors import JournalError
from operando.journal import Journal, StoredArray, read_journal, replay


def with_image(image: object, events: int = 1) -> list[Document]:
    documents = run_documents(events)
    for _, event in documents[2:-1]:
        event["data"]["image"] = image
        event["timestamps"]["image"] = event["time"]
    documents[1][1]["data_keys"]["image"] = {"dtype": "array", "shape": list(np.shape(image)), "source": "made"}
    return documents


def journalled(folder: Path, documents: list[Document]) -> Path:
    journal = Journal(folder)
    for document in documents:
        journal(*document)
    return path_of(folder, documents)


FRAME = np.arange(120 * 100, dtype=np.uint16).reshape(120, 100)


@pytest.mark.parametrize("image", [FRAME, FRAME.tolist(), FRAME.astype(np.float32)], ids=["array", "lists", "float32"])
def test_an_inline_frame_comes_back_with_its_shape_and_type(tmp_path: Path, image: object) -> None:
    documents = with_image(image)
    path = journalled(tmp_path, documents)
    assert path.stat().st_size < 4000
    ((_, event),) = [each for each in read_journal(path) if each[0] == "event"]
    stored = event["data"]["image"]
    assert isinstance(stored, StoredArray)
    assert stored.shape == (120, 100)
    assert np.array_equal(stored, image)
    (again,) = [doc for name, doc in replay(path) if name == "event"]
    assert isinstance(again["data"]["image"], np.ndarray)
    assert again["data"]["image"].dtype == np.asarray(image).dtype == stored.dtype
    assert np.array_equal(again["data"]["image"], image)
    assert again | {"data": 0} == documents[2][1] | {"data": 0}


def test_the_line_says_where_the_array_is(tmp_path: Path) -> None:
    path = journalled(tmp_path, with_image(FRAME, events=2))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    references = [line["doc"]["data"]["image"]["$hdf5"] for line in lines if line["name"] == "event"]
    for number, reference in enumerate(references, start=1):
        assert reference["file"] == path.stem + (".h5" if number == 1 else f".{number}.h5")
        with h5py.File(tmp_path / reference["file"], "r") as file:
            assert np.array_equal(file[reference["dataset"]], FRAME)
            assert list(file[reference["dataset"]].shape) == reference["shape"]


def test_small_arrays_and_start_documents_stay_in_their_line(tmp_path: Path) -> None:
    documents = with_image(np.zeros(10_000))
    documents[0][1]["mask"] = FRAME
    path = journalled(tmp_path, documents)
    assert list(tmp_path.iterdir()) == [path]
    (start, *_, event, _) = [doc for _, doc in read_journal(path)]
    assert start["mask"] == FRAME.tolist()
    assert event["data"]["image"] == [0.0] * 10_000


def test_many_middling_arrays_leave_a_line_of_a_megabyte(tmp_path: Path) -> None:
    spectra = {f"spectrum_{number}": list(np.linspace(0, 1, 2000)) for number in range(40)}
    path = journalled(tmp_path, with_image({"spectra": [spectra], "few": [1, 2, 3], "ragged": [[1], [2, 3]]}))
    assert path.stat().st_size < 20_000
    (event,) = [doc for name, doc in replay(path) if name == "event"]
    image = event["data"]["image"]
    assert np.array_equal(image["spectra"][0]["spectrum_39"], spectra["spectrum_39"])
    assert (image["few"], image["ragged"]) == ([1, 2, 3], [[1], [2, 3]])


def test_an_array_is_on_the_disk_before_its_line_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = with_image(FRAME)
    journal = Journal(tmp_path)
    for document in documents[:2]:
        journal(*document)
    path = path_of(tmp_path, documents)
    steps: list[str] = []
    write, fsync = os.write, os.fsync

    def watched_write(descriptor: int, line: bytes) -> int:
        steps.append(f"write {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        return write(descriptor, line)

    def watched_fsync(descriptor: int) -> None:
        steps.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    monkeypatch.setattr(os, "write", watched_write)
    monkeypatch.setattr(os, "fsync", watched_fsync)
    journal(*documents[2])
    assert steps == [f"sync .{path.stem}.h5.new", f"sync {tmp_path.name}", f"write {path.name}"]
    journal.close()


def test_an_array_that_cannot_be_stored_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = with_image(FRAME)
    journal = Journal(tmp_path)
    for document in documents[:2]:
        journal(*document)
    path = path_of(tmp_path, documents)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(JournalError, match=r"large arrays cannot be stored: .*No space left"):
            journal(*documents[2])
    assert list(tmp_path.iterdir()) == [path]
    journal(*documents[2])
    assert path.with_suffix(".h5").exists()
    journal.close()


def test_many_words_stay_in_the_line(tmp_path: Path) -> None:
    words = np.array([f"word {number}" for number in range(12_000)])
    path = journalled(tmp_path, with_image(words))
    (event,) = [doc for name, doc in read_journal(path) if name == "event"]
    assert event["data"]["image"] == words.tolist()


def test_a_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    path = journalled(tmp_path, with_image(FRAME))
    path.with_suffix(".h5").unlink()
    (event,) = [doc for name, doc in read_journal(path) if name == "event"]
    with pytest.raises(JournalError, match=rf"{path.stem}.h5: array /0.data.image cannot be read"):
        event["data"]["image"].read()
    old = path.read_bytes().splitlines(keepends=True)
    outside = old[2].replace(f"{path.stem}.h5".encode(), b"../elsewhere.h5")
    outside = outside[: outside.rindex(b', "crc"')] + b"}\n"
    path.write_bytes(b"".join([*old[:2], outside, *old[3:]]))
    with pytest.raises(JournalError, match="outside its folder"):
        list(read_journal(path))


def test_what_is_replayed_is_good_for_event_model_and_suitcase(tmp_path: Path) -> None:
    documents = with_image(FRAME, events=2)
    path = journalled(tmp_path / "journal", documents)
    replayed = list(replay(path))
    for name, doc in replayed:
        schema_validators[DocumentNames[name]].validate(doc)
    written = suitcase.jsonl.export(replay(path), tmp_path / "suitcase")
    (lines,) = (file.read_text().splitlines() for files in written.values() for file in files)
    assert [json.loads(line)[0] for line in lines] == [name for name, _ in documents]
    assert json.loads(lines[2])[1]["data"]["image"] == FRAME.tolist()
