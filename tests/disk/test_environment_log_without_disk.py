"""The environment log while its disk takes nothing, or its folder is taken away: what was measured is on disk later."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from operando.history import EnvironmentHistory, EnvironmentLog
from operando.history import log as log_module
from operando.vocabulary import Reading

SECOND = 1_000_000_000
NOON = 1_790_000_000 * SECOND


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "environment"


@pytest.fixture
def history(folder: Path) -> Iterator[EnvironmentHistory]:
    history = EnvironmentHistory(folder)
    yield history
    history.close()


def measure(log: EnvironmentLog, first: int, count: int) -> list[float]:
    """Append a reading a second; return the values."""
    values = [float(k) for k in range(first, first + count)]
    for k in range(first, first + count):
        log.append("stack_pressure", Reading(float(k), NOON + k * SECOND))
    return values


def block(folder: Path) -> None:
    """Put a file where the folder was: nothing can be made in it, whoever asks."""
    folder.rename(folder.with_name("aside"))
    folder.write_text("")


def mend(folder: Path) -> None:
    folder.unlink()
    folder.with_name("aside").rename(folder)


def found(history: EnvironmentHistory) -> list[float]:
    return history.samples("stack_pressure", NOON, NOON + 10**6 * SECOND).value.tolist()


def test_what_a_disk_does_not_take_is_kept_and_written_when_it_is_mended(
    folder: Path, history: EnvironmentHistory
) -> None:
    log = EnvironmentLog(folder)
    values = measure(log, 0, 3)
    log.commit(NOON + 3 * SECOND)
    block(folder)
    for k in range(3, 8):
        values += measure(log, k, 1)
        with pytest.raises((sqlite3.Error, OSError)):
            log.commit(NOON + (k + 1) * SECOND)
        assert log.waiting == k - 2
    mend(folder)
    values += measure(log, 8, 1)
    log.commit(NOON + 9 * SECOND)
    assert (log.waiting, log.lost) == (0, 0)
    assert found(history) == values
    log.close(NOON + 9 * SECOND)


def test_the_committed_time_stands_still_meanwhile(folder: Path, history: EnvironmentHistory) -> None:
    log = EnvironmentLog(folder)
    log.commit(NOON)
    declared = history.committed_ns()
    block(folder)
    measure(log, 1, 1)
    with pytest.raises((sqlite3.Error, OSError)):
        log.commit(NOON + 60 * SECOND)
    mend(folder)
    assert history.committed_ns() == declared
    log.close(NOON + 61 * SECOND)
    assert history.committed_ns() == NOON + 61 * SECOND


def test_beyond_the_limit_the_oldest_are_kept_and_the_others_counted(folder: Path, history: EnvironmentHistory) -> None:
    log = EnvironmentLog(folder, limit=4)
    log.commit(NOON)
    block(folder)
    for k in range(1, 8):
        measure(log, k, 1)
        with pytest.raises((sqlite3.Error, OSError)):
            log.commit(NOON + k * SECOND)
    assert (log.waiting, log.lost) == (4, 3)
    mend(folder)
    log.commit(NOON + 8 * SECOND)
    assert found(history) == [1.0, 2.0, 3.0, 4.0]
    measure(log, 9, 1)
    log.close(NOON + 9 * SECOND)
    assert found(history) == [1.0, 2.0, 3.0, 4.0, 9.0]
    assert log.lost == 3


def test_a_removed_folder_is_made_again_with_all_that_was_in_it(folder: Path, history: EnvironmentHistory) -> None:
    log = EnvironmentLog(folder)
    values = measure(log, 0, 50)
    log.commit(NOON + 50 * SECOND)
    assert found(history) == values
    shutil.rmtree(folder)
    values += measure(log, 50, 5)
    log.commit(NOON + 55 * SECOND)
    assert found(history) == values
    assert history.committed_ns() == NOON + 54 * SECOND + SECOND // 2
    values += measure(log, 55, 5)
    log.close(NOON + 60 * SECOND)
    assert found(history) == values
    with closing(sqlite3.connect(next(folder.glob("*.sqlite")))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_folder_around_it_is_not_made_again(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    log = EnvironmentLog(root / "environment")
    log.commit(NOON)
    shutil.rmtree(root)
    with pytest.raises(FileNotFoundError):
        log.commit(NOON + SECOND)
    assert not root.exists()
    root.mkdir()
    log.close(NOON + 2 * SECOND)
    assert len(list((root / "environment").glob("*.sqlite"))) == 1


def test_what_waited_is_written_in_portions_and_declared_once_all_of_it_is_there(
    folder: Path, history: EnvironmentHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "PORTION", 10)
    log = EnvironmentLog(folder)
    log.commit(NOON)
    block(folder)
    values = measure(log, 1, 35)
    with pytest.raises((sqlite3.Error, OSError)):
        log.commit(NOON + 36 * SECOND)
    mend(folder)
    declared: list[int] = []
    insert = log._insert

    def looked_at(connection: sqlite3.Connection, rows: list[log_module.Row]) -> None:
        declared.append(history.committed_ns())
        assert len(rows) <= 10
        insert(connection, rows)

    monkeypatch.setattr(log, "_insert", looked_at)
    log.commit(NOON + 37 * SECOND)
    assert declared == [NOON - SECOND // 2] * 4
    assert found(history) == values
    log.close()


def test_a_service_that_starts_without_its_disk_keeps_what_it_measures(
    folder: Path, history: EnvironmentHistory
) -> None:
    folder.write_text("")
    log = EnvironmentLog(folder)
    measure(log, 0, 2)
    with pytest.raises((sqlite3.Error, OSError)):
        log.commit(NOON + 2 * SECOND)
    folder.unlink()
    log.commit(NOON + 3 * SECOND)
    assert found(history) == [0.0, 1.0]
    log.close()


def test_a_reader_that_looked_meanwhile_sees_the_file_that_was_made_again(
    folder: Path, history: EnvironmentHistory
) -> None:
    log = EnvironmentLog(folder)
    values = measure(log, 0, 2)
    log.commit(NOON + 2 * SECOND)
    assert found(history) == values
    shutil.rmtree(folder)
    assert found(history) == []
    log.commit(NOON + 3 * SECOND)
    assert found(history) == values
    log.close()


def test_a_foreign_file_in_its_place_is_gone_on_in(folder: Path, history: EnvironmentHistory) -> None:
    log = EnvironmentLog(folder)
    measure(log, 0, 2)
    log.commit(NOON + 2 * SECOND)
    (file,) = folder.glob("*.sqlite")
    other = EnvironmentLog(folder.with_name("other"))
    measure(other, 10, 1)
    other.close(NOON + 11 * SECOND)
    for beside in folder.glob("*.sqlite-*"):
        beside.unlink()
    os.replace(folder.with_name("other") / file.name, file)
    measure(log, 12, 1)
    log.close(NOON + 13 * SECOND)
    assert found(history) == [10.0, 12.0]
