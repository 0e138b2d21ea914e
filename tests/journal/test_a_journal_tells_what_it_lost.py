"""Torn ends and damaged lines: recognised, reported with line, bytes and time, never passed over in silence."""

import json
import logging
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal.journals import written

from operando.errors import JournalError
from operando.journal import Damage, JournalFollower, read_journal, set_aside
from operando.journal.line import decode, encode


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_every_line_carries_the_checksum_of_the_rest_of_it(tmp_path: Path) -> None:
    path, documents = written(tmp_path, events=2)
    for line, (name, doc) in zip(lines_of(path), documents, strict=True):
        rest = line[: line.rindex(b', "crc"')] + b"}"
        assert json.loads(rest) == {"name": name, "doc": doc}
        assert json.loads(line) == {"name": name, "doc": doc, "crc": f"{zlib.crc32(rest):08x}"}


def test_a_line_from_before_there_were_checksums_is_read() -> None:
    assert decode(b'{"name": "stop", "doc": {"reason": ", \\"crc\\": \\"00000000\\"}"}}\n') == (
        "stop", {"reason": ', "crc": "00000000"}'},
    )  # fmt: skip


LINE = encode("event", {"time": 12.5, "data": {"stack_pressure": 85.25, "note": 'of "crc": "1c291ca3"}'}})


@given(st.integers(0, len(LINE) - 2), st.integers(0, 255))
def test_no_altered_byte_is_taken_for_what_was_written(where: int, byte: int) -> None:
    altered = LINE[:where] + bytes([byte]) + LINE[where + 1 :]
    if altered == LINE:
        return
    with pytest.raises(ValueError):  # noqa: PT011 - of JSON, of the encoding or of the checksum
        decode(altered)


@given(st.integers(0, len(LINE) - 2))
def test_no_beginning_of_a_line_is_taken_for_the_whole(length: int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decode(LINE[:length])


@pytest.mark.parametrize("lost", [1, 10, 400])
def test_a_torn_end_is_told_with_its_bytes_and_the_time_before(
    tmp_path: Path, lost: int, caplog: pytest.LogCaptureFixture
) -> None:
    path, documents = written(tmp_path, events=3)
    path.write_bytes(path.read_bytes()[:-lost])
    told: list[Damage] = []
    whole = list(read_journal(path, told.append))
    assert whole == documents[: len(whole)]
    (damage,) = told
    assert damage.at_end
    assert damage.length == path.stat().st_size - sum(len(line) for line in lines_of(path)[: len(whole)])
    assert damage.last_time == whole[-1][1]["time"]
    assert damage.first_line == len(whole) + 1
    with caplog.at_level(logging.WARNING):
        assert list(read_journal(path)) == whole
    assert f"{damage.length} bytes" in caplog.text
    assert f"1970-01-01T00:00:0{damage.last_time:.0f}" in caplog.text


def test_an_end_of_nothing_but_zeros_is_torn_too(tmp_path: Path) -> None:
    """As a file system may leave a file whose size reached the disk before its content."""
    path, documents = written(tmp_path, events=3)
    *kept, _, _ = lines_of(path)
    path.write_bytes(b"".join(kept) + bytes(700))
    follower = JournalFollower(path)
    assert follower.poll() == documents[:-2]
    assert follower.tail is not None
    assert (follower.tail.length, follower.tail.last_time) == (700, 2.0)


def test_several_damaged_lines_at_the_end_are_one_torn_end(tmp_path: Path) -> None:
    path, documents = written(tmp_path, events=3)
    lines = lines_of(path)
    path.write_bytes(b"".join([*lines[:3], *(line[:50] + b"\0" + line[51:] for line in lines[3:])])[:-7])
    told: list[Damage] = []
    assert list(read_journal(path, told.append)) == documents[:3]
    (damage,) = told
    assert (damage.first_line, damage.last_line, damage.at_end) == (4, 6, True)
    assert damage.length == sum(map(len, lines[3:])) - 7


def damaged_in_the_middle(folder: Path) -> tuple[Path, list[tuple[str, dict]], int]:
    path, documents = written(folder, events=5)
    lines = lines_of(path)
    broken = [lines[3][:30] + b"\n", lines[4].replace(b'"time"', b'"tame"')]
    path.write_bytes(b"".join([*lines[:3], *broken, *lines[5:]]))
    return path, documents, sum(map(len, broken))


def test_damage_before_a_whole_line_is_an_error_that_names_it(tmp_path: Path) -> None:
    path, documents, _ = damaged_in_the_middle(tmp_path)
    came = []
    with pytest.raises(JournalError, match="lines 4 to 5 are no documents"):
        came.extend(read_journal(path))
    reading = read_journal(path)
    assert [next(reading) for _ in range(3)] == documents[:3]
    follower = JournalFollower(path)
    assert follower.poll() == documents[:3]
    for _ in range(2):
        with pytest.raises(JournalError, match="lines 4 to 5 are no documents"):
            follower.poll()


def test_recovery_reads_on_behind_damage_and_is_told_of_it(tmp_path: Path) -> None:
    path, documents, size = damaged_in_the_middle(tmp_path)
    came: list[Any] = []
    reading = read_journal(path, came.append)
    came += [next(reading) for _ in range(3)]
    came += list(reading)
    damage = came.pop(3)
    assert came == [*documents[:3], *documents[5:]]
    assert (damage.first_line, damage.last_line, damage.length, damage.at_end) == (4, 5, size, False)
    assert damage.last_time == 1.0
    assert path.read_bytes()[damage.offset :][: damage.length].endswith(b"\n")


def test_a_torn_end_is_set_aside_and_the_journal_stays_as_it_is(tmp_path: Path) -> None:
    path, _ = written(tmp_path, events=2)
    path.write_bytes(path.read_bytes()[:-20])
    before = path.read_bytes()
    follower = JournalFollower(path)
    follower.poll()
    assert follower.tail is not None
    for _ in range(2):
        kept = set_aside(follower.tail)
        assert kept == path.with_suffix(".torn")
        assert kept.read_bytes() == before[-follower.torn :]
    assert path.read_bytes() == before


def test_half_a_line_becomes_a_document_when_its_owner_goes_on(tmp_path: Path) -> None:
    path, documents = written(tmp_path, events=2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    follower = JournalFollower(path)
    assert follower.poll() == documents[:-1]
    assert follower.tail is not None
    path.write_bytes(whole)
    assert follower.poll() == documents[-1:]
    assert follower.tail is None


def test_a_long_journal_is_read_in_pieces(tmp_path: Path) -> None:
    path, documents = written(tmp_path, events=50)
    follower = JournalFollower(path)
    pieces = [follower.poll(at_most=1000)]
    while follower.behind:
        pieces.append(follower.poll(at_most=1000))
    assert [document for piece in pieces for document in piece] == documents
    assert max(map(len, pieces)) < 10
    assert len(follower.poll(at_most=1)) == 0
    assert len(JournalFollower(path).poll(at_most=1)) == 1
