"""What the environment service tells while its log waits for the disk."""

import errno
import logging
import sqlite3
from pathlib import Path

import pytest

from operando.disk import DiskWatch, Limits, Watched
from operando.environment.log_keeping import COMMIT_INTERVAL, LONGEST_INTERVAL, LogKeeping, log_records
from operando.environment.record_table import record_table
from operando.history import EnvironmentLog
from operando.vocabulary import FACTS, Reading

LIMITS = Limits(warn_below=2e-9, pause_below=1e-9, resume_above=2e-9)


class Service:
    """A log whose disk fails when told to, and what is said about it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: dict[str, float | str] = {}
        self.notes: list[tuple[str, int]] = []
        self.now = 0.0
        self.error: Exception | None = None
        self.log = EnvironmentLog(folder)
        self._commit = self.log.commit
        monkeypatch.setattr(self.log, "commit", self._commit_or_fail)
        self.keeping = LogKeeping(
            self.log,
            DiskWatch([Watched("environment log", folder)], LIMITS, "endstation.toml"),
            self.shown.__setitem__,
            lambda text, level: self.notes.append((text, level)),
            lambda: 1_790_000_000_000_000_000 + int(self.now * 1e9),
            lambda: self.now,
        )

    def _commit_or_fail(self, now_ns: int) -> None:
        if self.error:
            raise self.error
        self._commit(now_ns)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    return Service(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.OperationalError("attempt to write a readonly database"),
        OSError(errno.ESTALE, "Stale file handle"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
    ],
    ids=["full", "read-only", "stale", "quota"],
)
def test_a_disk_that_takes_nothing_is_told_once_and_asked_less_and_less_often(
    service: Service, error: Exception
) -> None:
    assert service.keeping.commit() == COMMIT_INTERVAL
    assert service.shown["ENVIRONMENT:LOG_STATE"] == "good"
    assert service.shown["ENVIRONMENT:DISK_FREE"] > 0.0
    service.error = error
    service.log.append("voltage", Reading(3.0, 0))
    intervals = []
    for service.now in (1.0, 2.0, 4.0, 8.0, 13.0, 18.0):
        intervals.append(service.keeping.commit())
    assert intervals == sorted(intervals)
    assert intervals[-1] == LONGEST_INTERVAL
    assert service.shown["ENVIRONMENT:LOG_STATE"] == "pause"
    assert str(error) in str(service.shown["ENVIRONMENT:LOG_REASON"])
    assert service.shown["ENVIRONMENT:LOG_WAITING"] == 1
    assert service.keeping.unwritten() == 18.0
    assert [level for _, level in service.notes] == [logging.ERROR]


def test_a_mended_disk_is_told_too(service: Service) -> None:
    service.error = sqlite3.OperationalError("database or disk is full")
    service.keeping.commit()
    service.error = None
    service.now = 5.0
    assert service.keeping.commit() == COMMIT_INTERVAL
    assert service.shown["ENVIRONMENT:LOG_STATE"] == "good"
    assert service.shown["ENVIRONMENT:LOG_REASON"] == ""
    assert service.shown["ENVIRONMENT:LOG_WAITING"] == 0
    assert service.keeping.unwritten() == 0.0
    assert service.notes[-1][0] == "environment log: written again; nothing was lost"


def test_a_service_that_ends_without_its_disk_says_what_is_lost(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(now_ns: int) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(service.log, "close", fail)
    service.log.append("voltage", Reading(3.0, 0))
    service.keeping.close()
    assert service.notes[-1][0].startswith("environment log: 1 readings are lost with this service")


def test_its_records_and_its_fact_are_known() -> None:
    served = {spec.name for spec in record_table({})}
    assert {spec.name for spec in log_records()} <= served
    assert FACTS["log_unwritten"] == "s"
