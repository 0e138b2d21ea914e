"""Promises of the environment log: what is appended and committed comes back, and the committed time never lies."""

import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operando.history import GUARD_NS, EnvironmentHistory, EnvironmentLog, reader
from operando.history.schema import open_for_writing
from operando.vocabulary import Quality, Reading

SECOND = 1_000_000_000
NOON = 1_790_000_000 * SECOND
MIDNIGHT = 86_400 * SECOND * (NOON // (86_400 * SECOND) + 1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EnvironmentLog]:
    log = EnvironmentLog(tmp_path)
    yield log
    log.close()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[EnvironmentHistory]:
    history = EnvironmentHistory(tmp_path)
    yield history
    history.close()


def test_an_empty_folder_knows_nothing(tmp_path: Path) -> None:
    with closing(EnvironmentHistory(tmp_path / "not there yet")) as history:
        assert history.committed_ns() == 0
        assert history.last("stack_pressure") is None
        assert len(history.samples("stack_pressure", 0, NOON)) == 0


def test_appended_readings_are_seen_once_committed(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    log.append("stack_pressure", Reading(85.01, NOON))
    assert history.last("stack_pressure") is None
    log.commit(NOON + SECOND)
    assert history.last("stack_pressure") == Reading(85.01, NOON)
    assert history.last("voltage") is None
    assert history.committed_ns() == NOON + SECOND - GUARD_NS


def test_interval_includes_both_ends(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    for step in range(5):
        log.append("stack_pressure", Reading(float(step), NOON + step * SECOND))
    log.commit(NOON + 10 * SECOND)
    found = history.samples("stack_pressure", NOON + SECOND, NOON + 3 * SECOND)
    assert found.value.tolist() == [1.0, 2.0, 3.0]
    assert found.time_ns.dtype == np.int64
    assert found.quality.dtype == np.int8


def test_what_is_not_a_number_is_stored_with_its_quality(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    log.append("stack_pressure", Reading(math.nan, NOON, Quality.INVALID))
    log.commit(NOON + SECOND)
    found = history.samples("stack_pressure", NOON, NOON)
    assert np.isnan(found.value).all()
    assert found.quality.tolist() == [Quality.INVALID]
    last = history.last("stack_pressure")
    assert last is not None
    assert math.isnan(last.value)
    assert last.quality is Quality.INVALID


def test_an_exposure_across_midnight_is_whole(log: EnvironmentLog, history: EnvironmentHistory, tmp_path: Path) -> None:
    times = [MIDNIGHT + step * SECOND // 20 for step in range(-40, 40)]
    for time_ns in times:
        log.append("stack_pressure", Reading(85.0, time_ns))
    log.commit(MIDNIGHT + 3 * SECOND)
    assert len(list(tmp_path.glob("*.sqlite"))) == 2
    assert history.samples("stack_pressure", times[0], times[-1]).time_ns.tolist() == times
    assert history.last("stack_pressure", MIDNIGHT - 1) == Reading(85.0, times[39])
    assert history.committed_ns() == MIDNIGHT + 3 * SECOND - GUARD_NS


def test_the_first_commit_after_midnight_still_declares_the_last_moments_of_the_day(
    log: EnvironmentLog, history: EnvironmentHistory
) -> None:
    log.commit(MIDNIGHT + SECOND // 10)
    assert history.committed_ns() == MIDNIGHT + SECOND // 10 - GUARD_NS


def test_a_late_reading_neither_breaks_the_promise_nor_is_lost(
    log: EnvironmentLog, history: EnvironmentHistory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log.commit(NOON)
    log.append("voltage", Reading(3.1, NOON - SECOND))
    log.append("voltage", Reading(3.2, NOON))
    log.commit(NOON + SECOND)
    assert history.samples("voltage", 0, NOON).value.tolist() == [3.2]
    assert "1 readings, the oldest of voltage, came up to 0.500 s after" in caplog.text
    with closing(sqlite3.connect(next(tmp_path.glob("*.sqlite")))) as connection:
        assert connection.execute("SELECT value FROM late").fetchall() == [(3.1,)]


def test_a_clock_set_back_does_not_take_the_declaration_back(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    log.commit(NOON)
    log.commit(NOON - 3600 * SECOND)
    assert history.committed_ns() == NOON - GUARD_NS


def test_a_restarted_service_goes_on_where_the_last_one_ended(tmp_path: Path, history: EnvironmentHistory) -> None:
    first = EnvironmentLog(tmp_path)
    first.append("charge", Reading(1e-3, NOON))
    first.close(NOON + SECOND)
    assert history.committed_ns() == NOON + SECOND
    second = EnvironmentLog(tmp_path)
    second.append("charge", Reading(2e-3, NOON + 2 * SECOND))
    second.commit(NOON + SECOND)  # a clock set back meanwhile
    assert history.committed_ns() == NOON + SECOND
    second.close()
    assert history.samples("charge", 0, MIDNIGHT).value.tolist() == [1e-3, 2e-3]


def test_both_clocks_are_stored_at_each_commit(tmp_path: Path) -> None:
    ticks = iter([100, 200])
    log = EnvironmentLog(tmp_path, monotonic_ns=lambda: next(ticks))
    log.commit(NOON)
    log.commit(NOON + SECOND)
    log.close()
    with closing(sqlite3.connect(next(tmp_path.glob("*.sqlite")))) as connection:
        assert connection.execute("SELECT real, monotonic FROM clock").fetchall() == [(NOON, 100), (NOON + SECOND, 200)]


def test_a_full_disk_forgets_nothing(tmp_path: Path, history: EnvironmentHistory) -> None:
    log = EnvironmentLog(tmp_path)
    log.commit(NOON)
    with closing(sqlite3.connect(next(tmp_path.glob("*.sqlite")))) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON sample BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        other.commit()
        log.append("voltage", Reading(3.0, NOON + SECOND))
        with pytest.raises(sqlite3.Error, match="disk full"):
            log.commit(NOON + 2 * SECOND)
        assert history.committed_ns() == NOON - GUARD_NS
        other.execute("DROP TRIGGER full")
        other.commit()
    log.commit(NOON + 3 * SECOND)
    log.close()
    assert history.last("voltage") == Reading(3.0, NOON + SECOND)


READINGS = st.builds(
    Reading,
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(MIDNIGHT - 5 * SECOND, MIDNIGHT + 5 * SECOND),
    st.sampled_from(Quality),
)
BATCHES = st.lists(st.tuples(st.lists(READINGS, max_size=8), st.integers(-6 * SECOND, 6 * SECOND)), max_size=6)


@settings(max_examples=40, deadline=None)
@given(BATCHES)
def test_what_was_declared_complete_never_changes(batches: list[tuple[list[Reading], int]]) -> None:
    with TemporaryDirectory() as name, closing(EnvironmentHistory(Path(name))) as history:
        log = EnvironmentLog(Path(name))
        expected: dict[int, Reading] = {}
        declared: list[tuple[int, list[int]]] = []
        for readings, offset in batches:
            committed = history.committed_ns()
            for reading in readings:
                log.append("stack_pressure", reading)
                if reading.time_ns > committed:
                    expected.setdefault(reading.time_ns, reading)
            log.commit(MIDNIGHT + offset)
            now = history.committed_ns()
            declared.append((now, history.samples("stack_pressure", 0, now).time_ns.tolist()))
        found = history.samples("stack_pressure", 0, 2 * MIDNIGHT)
        log.close()
        assert found.time_ns.tolist() == sorted(expected)
        wanted = np.array([expected[time].value for time in sorted(expected)])
        np.testing.assert_array_equal(found.value, wanted)
        for upto, times in declared:
            assert [time for time in found.time_ns.tolist() if time <= upto] == times


def test_readers_see_whole_commits_while_the_log_is_written(tmp_path: Path) -> None:
    log = EnvironmentLog(tmp_path)
    log.commit(MIDNIGHT - 10 * SECOND)
    end_ns = MIDNIGHT + 10 * SECOND
    seen: list[tuple[int, int]] = []

    def read() -> None:
        with closing(EnvironmentHistory(tmp_path)) as history:
            committed = 0
            while committed < end_ns - SECOND:
                committed = history.committed_ns()
                seen.append((committed, len(history.samples("stack_pressure", 0, committed))))

    reader = threading.Thread(target=read)
    reader.start()
    for step in range(1, 401):  # 20 s of 20 Hz, across the day border
        time_ns = MIDNIGHT - 10 * SECOND + step * SECOND // 20
        log.append("stack_pressure", Reading(85.0, time_ns))
        if step % 10 == 0:
            log.commit(time_ns)
    reader.join(30)
    log.close()
    assert not reader.is_alive()
    assert len({committed for committed, _ in seen}) > 1
    for committed, count in seen:
        assert count == max(0, (committed - (MIDNIGHT - 10 * SECOND)) * 20 // SECOND)


WRITER = """
import sys
from pathlib import Path
from operando.history import EnvironmentLog
from operando.vocabulary import Reading
log = EnvironmentLog(Path(sys.argv[1]))
log.append("charge", Reading(1.0, int(sys.argv[2])))
log.commit(int(sys.argv[2]) + 10**9)
sys.stdout.write("committed\\n")
sys.stdout.flush()
sys.stdin.read()
"""


def test_what_was_committed_survives_a_killed_service(tmp_path: Path, history: EnvironmentHistory) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), str(NOON)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"committed\n"
        os.kill(writer.pid, signal.SIGKILL)
    assert history.last("charge") == Reading(1.0, NOON)
    assert history.committed_ns() == NOON + SECOND - GUARD_NS


def test_a_commit_is_on_the_disk_and_not_only_with_the_operating_system(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "20260301.sqlite")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "FULL: a sync at each commit"


def test_a_reader_keeps_the_files_of_few_days_open(
    tmp_path: Path, log: EnvironmentLog, history: EnvironmentHistory
) -> None:
    def opened() -> int:
        links = Path("/proc/self/fd").iterdir()
        return sum(str(tmp_path) in os.path.realpath(link) and link.exists() for link in links)

    days = [NOON + day * 86_400 * SECOND for day in range(10)]
    for moment in days:
        log.append("voltage", Reading(3.5, moment))
    log.close(days[-1] + SECOND)
    most = 0
    for moment in (*days, *days):
        assert len(history.samples("voltage", moment, moment)) == 1
        assert history.committed_ns() == days[-1] + SECOND
        most = max(most, opened())
    assert 0 < most <= 9  # of three days: the file, its log and its index


def test_a_moment_is_found_without_reading_a_folder_of_years(
    log: EnvironmentLog, history: EnvironmentHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment in (MIDNIGHT - SECOND, MIDNIGHT):
        log.append("voltage", Reading(3.5, moment))
    log.commit(MIDNIGHT + SECOND)
    monkeypatch.setattr(reader, "days_in", lambda _: pytest.fail("the folder was read"))
    assert len(history.samples("voltage", MIDNIGHT - SECOND, MIDNIGHT)) == 2
    assert len(history.samples("voltage", MIDNIGHT - 90_000 * SECOND, MIDNIGHT - 2 * SECOND)) == 0
