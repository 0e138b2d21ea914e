"""Promises of the tables of a cell programme: what became of each step and spectrum is there, while it is written."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from operando.history import (
    GUARD_NS,
    EnvironmentHistory,
    EnvironmentLog,
    KeptProgramme,
    RealisedStep,
    Spectrum,
    SpectrumPoint,
)
from operando.vocabulary import Reading

SECOND = 1_000_000_000
NOON = 1_790_000_000 * SECOND
DAY = 86_400 * SECOND
MIDNIGHT = DAY * (NOON // DAY + 1)


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


def step(run: int, begun_ns: int, cell: str = "") -> RealisedStep:
    return RealisedStep(
        cell=cell,
        begun_ns=begun_ns,
        programme="abc",
        run=run,
        cycle=1,
        half_cycle=1,
        step=run,
        name="charge",
        kind="constant_current",
        limits='{"current": 0.001}',
    )


def ended(begun: RealisedStep, ended_ns: int) -> RealisedStep:
    return replace(begun, ended_ns=ended_ns, how="voltage >= 3.68 V", duration=10.0, charge=1e-6, voltage=3.68)


def test_when_a_step_was_known_stays_when_it_is_told_again(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    log.commit(NOON)  # complete up to half a second before
    begun = step(1, NOON - 60 * SECOND)
    done = ended(begun, NOON)
    for number, entry in enumerate((begun, begun, done, done), start=1):  # by the service, and by the one after it
        log.keep(entry)
        log.commit(NOON + number * SECOND)
    (found,) = history.steps(NOON - 60 * SECOND, NOON)
    assert found == done
    assert found.begun_known_ns == NOON - GUARD_NS
    assert found.ended_known_ns == NOON + 2 * SECOND - GUARD_NS


def test_an_end_that_was_told_outlives_what_a_restarted_service_makes_of_it(
    log: EnvironmentLog, history: EnvironmentHistory
) -> None:
    begun = step(1, NOON)
    log.keep(begun)
    log.keep(ended(begun, NOON + SECOND))
    log.commit(NOON + 2 * SECOND)
    log.keep(begun)  # the memory of the next service holds it open
    log.commit(NOON + 3 * SECOND)
    log.keep(replace(begun, ended_ns=NOON + 3 * SECOND, how="not known: the instrument did not say"))
    log.commit(NOON + 4 * SECOND)
    assert history.steps(NOON, NOON + 4 * SECOND) == [ended(begun, NOON + SECOND)]


def test_a_step_is_there_while_it_runs_and_as_it_ended(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    begun = step(1, NOON)
    log.keep(begun)
    log.commit(NOON + SECOND)
    assert history.steps(NOON, NOON + SECOND) == [begun]
    log.keep(ended(begun, NOON + 10 * SECOND))
    log.commit(NOON + 11 * SECOND)
    assert history.steps(NOON, NOON + SECOND) == [ended(begun, NOON + 10 * SECOND)]


def test_a_step_over_midnight_is_found_on_both_days(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    first = ended(step(1, MIDNIGHT - 100 * SECOND), MIDNIGHT - 50 * SECOND)
    second = ended(step(2, MIDNIGHT - 50 * SECOND), MIDNIGHT + 3 * DAY)
    third = step(3, MIDNIGHT + 3 * DAY)
    log.keep(first)
    log.keep(replace(second, ended_ns=None, how=""))
    log.commit(MIDNIGHT - SECOND)
    log.keep(second)  # it has ended in another day's file than it began in
    log.keep(third)
    log.commit(MIDNIGHT + 3 * DAY + SECOND)
    assert history.steps(MIDNIGHT + DAY, MIDNIGHT + 2 * DAY) == [second]
    assert history.steps(NOON, MIDNIGHT + 4 * DAY) == [first, second, third]
    assert history.steps(MIDNIGHT + 3 * DAY + SECOND, MIDNIGHT + 4 * DAY) == [third]
    assert history.steps(NOON - DAY, NOON) == []


def test_channels_do_not_mix(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    for each in (step(1, NOON), step(1, NOON, cell="B")):
        log.keep(each)
    log.commit(NOON + SECOND)
    assert [found.cell for found in history.steps(NOON, NOON)] == [""]
    assert [found.cell for found in history.steps(NOON, NOON, "B")] == ["B"]


def test_a_spectrum_grows_while_it_is_measured(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    points = tuple(SpectrumPoint(NOON + i * SECOND, 10.0**-i, 5.0 + i, -1.5 * i) for i in range(4))
    spectrum = Spectrum(begun_ns=NOON, programme="abc", run=3, cycle=1, step=3, name="eis")
    for count in (1, 2, 4):
        log.keep(replace(spectrum, points=points[:count]))
        log.commit(NOON + count * SECOND)
        (found,) = history.spectra(NOON + SECOND, NOON + SECOND)
        assert found.points == points[:count]
    assert history.spectra(NOON - DAY, NOON - SECOND) == []


def test_a_programme_is_found_by_its_hash(log: EnvironmentLog, history: EnvironmentHistory) -> None:
    log.keep(KeptProgramme(begun_ns=NOON, hash="abc", text='{"name": "C/4"}'))
    log.commit(NOON + SECOND)
    log.commit(NOON + DAY)
    found = history.programme(NOON + 2 * DAY, hash="abc")
    assert found
    assert found.text == '{"name": "C/4"}'
    assert history.programme(NOON + 2 * DAY, hash="abd") is None
    assert history.programme(NOON - 1, hash="abc") is None


def test_one_source_is_another_programme_on_another_cell_and_on_one_mounted_anew(
    log: EnvironmentLog, history: EnvironmentHistory
) -> None:
    first = KeptProgramme(begun_ns=NOON, hash="abc", text="first")
    beside = KeptProgramme(cell="B", begun_ns=NOON + SECOND, hash="abc", text="beside")
    anew = KeptProgramme(begun_ns=MIDNIGHT + SECOND, hash="abc", text="anew")
    for each in (first, beside, anew):
        log.keep(each)
    log.commit(MIDNIGHT + 2 * SECOND)
    assert history.programme(MIDNIGHT, hash="abc") == history.programme(MIDNIGHT) == first
    assert history.programme(MIDNIGHT + DAY, "B", "abc") == beside
    assert history.programme(MIDNIGHT + DAY, hash="abc") == anew
    assert history.programmes(NOON, MIDNIGHT + SECOND) == [first, anew]
    assert history.programmes(NOON + 1, MIDNIGHT) == []


def test_what_a_disk_did_not_take_is_written_later(tmp_path: Path, history: EnvironmentHistory) -> None:
    (tmp_path / "log").mkdir()
    log = EnvironmentLog(tmp_path / "log")
    (tmp_path / "log").rmdir()
    (tmp_path / "log").touch()
    begun = step(1, NOON)
    log.keep(begun)
    with pytest.raises(OSError, match="log"):
        log.commit(NOON + SECOND)
    (tmp_path / "log").unlink()
    log.keep(ended(begun, NOON + 2 * SECOND))
    log.commit(NOON + 3 * SECOND)
    log.close()
    found = EnvironmentHistory(tmp_path / "log")
    assert found.steps(NOON, NOON) == [ended(begun, NOON + 2 * SECOND)]
    found.close()


def test_a_log_from_before_there_were_steps_has_none(tmp_path: Path, history: EnvironmentHistory) -> None:
    log = EnvironmentLog(tmp_path)
    log.append("voltage", Reading(3.0, NOON))
    log.commit(NOON + SECOND)
    log._files.of(NOON // DAY).execute("DROP TABLE known_step")
    assert history.steps(NOON, NOON + DAY) == []
    log.close()
