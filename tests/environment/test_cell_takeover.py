"""A service that was killed in mid-step: the next one goes on counting, and the gap is a gap."""

import json
import math
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from environment.small_rig import START_NS
from environment.talking_potentiostat import NS, PROGRAMME, TAPER, UPPER, Bench

from operando.environment.cell.recollection import LastCount, Recollection, recollection
from operando.history import EnvironmentHistory, EnvironmentLog, RealisedStep
from operando.vocabulary import ProgrammeState


def remembered(bench: Bench) -> dict[str, Any]:
    """What the memory's file holds of it."""
    found = json.loads(json.dumps(bench.runner.facts()))
    assert isinstance(found, dict)
    return found


def logged(bench: Bench, folder: Path) -> None:
    """Write what the runner told into a log, as the service does."""
    log = EnvironmentLog(folder)
    for sample in bench.samples:
        for name, reading in sample.items():
            log.append(name, reading)
    for entry in bench.kept:
        log.keep(entry)
    log.close(bench.now_ns)


def restarted(bench: Bench, folder: Path, cell: str = "cell 1") -> Bench:
    """Return a runner that knows what memory and log know; its instrument runs on."""
    logged(bench, folder)
    with closing(EnvironmentHistory(folder)) as history:
        known = recollection(remembered(bench), history, cell)
    found = Bench(known)
    found.potentiostat.is_running = bench.potentiostat.is_running
    found.now_ns, found.zero_ns, found.elapsed = bench.now_ns, bench.zero_ns, bench.elapsed
    found.run, found.own = bench.run, bench.own
    return found


def count(bench: Bench) -> float:
    return bench.values("charge")[-1] * 3600.0


def test_nothing_is_known_of_a_first_start(tmp_path: Path) -> None:
    with closing(EnvironmentHistory(tmp_path)) as history:
        assert recollection({}, history, "cell 1") == Recollection()


def test_a_killed_service_goes_on_with_the_instruments_own_count(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 20, UPPER)
    bench.begin()
    for _ in range(5):
        bench.sample(2, 0.05)
    bench.step()
    again = restarted(bench, tmp_path)
    assert again.potentiostat.adopted == [PROGRAMME]
    assert again.shown["CELL:STATE"] == "running"
    again.sample(2, 0.02, seconds=100.0)  # what passed meanwhile, only the instrument knows
    again.sample(2, 0.02)
    again.step()
    assert count(again) == pytest.approx(2.0 + 0.25 + 2.0 + 0.02)
    assert again.samples[0]["charge"].quality == 0
    assert again.values("step_time")[0] == pytest.approx(105.0)
    assert [sample["voltage"].time_ns for sample in again.samples] == [START_NS + 125 * NS, START_NS + 126 * NS]
    again.end(2, TAPER)
    again.step()
    before, row = again.steps  # the log may have lost the end of the one before
    assert (before.name, before.how) == ("charge", "voltage >= 3.68 V")
    assert (row.begun_ns, row.name, row.how) == (START_NS + 20 * NS, "hold", "current <= 0.01 A")
    assert row.charge == pytest.approx(2.27 / 3600)
    assert "taken over" in again.notes[0]


def test_what_waited_for_the_service_is_counted_and_not_logged(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 20, UPPER)
    fresh = restarted(bench, tmp_path)
    del fresh.samples[:]
    # a new runner, whose first look finds what came while nobody listened
    fresh = Bench(recollection_of(bench, tmp_path))
    fresh.zero_ns, fresh.elapsed, fresh.now_ns, fresh.run = bench.zero_ns, bench.elapsed, bench.now_ns, bench.run
    fresh.runner._first_look = True
    fresh.begin()
    for _ in range(10):
        fresh.sample(2, 0.05)
    fresh.end(2, TAPER)
    fresh.step()
    assert fresh.samples == []
    fresh.begin()
    fresh.sample(3, 0.0)
    fresh.step()
    assert len(fresh.samples) == 1
    assert count(fresh) == pytest.approx(2.5)
    hows = [("charge", "voltage >= 3.68 V"), ("hold", "current <= 0.01 A"), ("rest", "")]
    assert [(row.name, row.how) for row in fresh.steps] == hows


def recollection_of(bench: Bench, folder: Path) -> Recollection:
    with closing(EnvironmentHistory(folder)) as history:
        return recollection(remembered(bench), history, "cell 1")


def test_a_step_that_ended_while_nobody_listened_is_closed_as_such(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for _ in range(20):
        bench.sample(1, 0.1)
    bench.step()
    again = restarted(bench, tmp_path)
    again.pass_time(100.0)
    again.begin()
    again.own = 0.05 * 39 / 3600.0  # 40 s of it with the next sample; the charge went on for 61 s before
    again.sample(2, 0.05)
    again.step()
    closed, running = again.steps
    assert "no service listened" in closed.how
    assert running.name == "hold"
    assert count(again) == pytest.approx(2.0 + 6.1 + 2.0)
    assert again.samples[-1]["charge"].quality == 1  # it is an estimate


def test_half_cycles_and_efficiency_outlive_a_restart(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 20, UPPER)
    bench.begin()
    for _ in range(5):
        bench.sample(4, -0.1)
    bench.step()
    again = restarted(bench, tmp_path)
    for _ in range(10):
        again.sample(4, -0.1)
    again.step()
    assert again.values("half_cycle")[-1] == 2.0
    assert again.values("specific_capacity")[-1] == pytest.approx(1.5 / 3.6 / 0.01)
    again.potentiostat.finish()
    again.step()
    assert again.values("efficiency") == [pytest.approx(0.75)]


def test_a_pause_outlives_a_restart(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for _ in range(20):
        bench.sample(1, 0.1)
    bench.step()
    bench.pause()
    bench.begin()
    bench.sample(0, 0.0)
    bench.step()
    again = restarted(bench, tmp_path)
    assert again.shown["CELL:STATE"] == "paused"
    again.sample(0, 0.0, seconds=50.0)
    again.step()
    assert again.state is ProgrammeState.PAUSED
    assert again.values("rest_age")[-1] == pytest.approx(51.0)
    again.resume()
    assert again.potentiostat.started[-1][0].steps[0].longest == pytest.approx(3580.0)
    again.begin()
    again.sample(1, 0.1)
    again.step()
    assert count(again) == pytest.approx(2.1)
    assert again.values("step")[-1] == 1.0


@pytest.mark.parametrize("state", [ProgrammeState.FINISHED, ProgrammeState.STOPPED, ProgrammeState.FAULT])
def test_a_restarted_service_knows_how_the_last_programme_ended(state: ProgrammeState) -> None:
    bench = Bench(Recollection(state))
    assert bench.shown["CELL:STATE"] == state
    assert bench.runner.facts()["state"] == state.value
    assert bench.runner.objection("start") == ""


def test_a_programme_left_running_is_running_until_it_is_heard_or_missed() -> None:
    heard = Bench(Recollection(ProgrammeState.RUNNING))
    for _ in range(20):
        heard.step(0.1)
        assert heard.shown["CELL:STATE"] == "running"
    assert heard.samples == []  # what was not heard yet is not missed
    assert "nothing was heard" in heard.tell("pause")
    heard.begin()
    heard.sample(1, 0.1)
    heard.step()
    heard.potentiostat.finish()
    heard.step()
    assert heard.shown["CELL:STATE"] == "finished"

    missed = Bench(Recollection(ProgrammeState.RUNNING))
    for _ in range(60):
        missed.step(0.1)
    assert missed.shown["CELL:STATE"] == "fault"
    assert "while no service listened" in missed.notes[-1]


def test_a_programme_that_nobody_knows_is_counted_in_doubt() -> None:
    bench = Bench(running=True)
    bench.run = 3
    bench.elapsed = 110.0
    bench.zero_ns -= 110 * NS
    bench.own = 1e-3
    for _ in range(3):
        bench.sample(2, 0.1)
    bench.step()
    assert bench.shown["CELL:STATE"] == "running"
    assert "does not know" in bench.notes[0]
    assert {sample["charge"].quality for sample in bench.samples} == {1}
    assert {sample["current"].quality for sample in bench.samples} == {0}
    assert bench.steps[0].name == "unknown"
    assert bench.values("charge")[0] == pytest.approx(1e-3 + 0.1 / 3600)


def test_a_memory_that_makes_no_sense_is_left_alone(tmp_path: Path) -> None:
    with closing(EnvironmentHistory(tmp_path)) as history:
        known = recollection({"state": "running", "programme": {"name": 3}}, history, "cell 1")
    assert known == Recollection(ProgrammeState.RUNNING)


def test_a_safe_state_survives_a_restart_and_opens_the_circuit_again() -> None:
    bench = Bench(Recollection(ProgrammeState.RUNNING, latched=True), running=True)
    assert bench.potentiostat.story == ["cell_off"]
    assert bench.shown["CELL:STATE"] == "stopped"
    assert "latched" in bench.runner.objection("start")
    assert bench.runner.facts()["latched"] is True


def test_charge_of_another_cell_is_forgotten(tmp_path: Path) -> None:
    bench = Bench()
    for _ in range(2):
        bench.start()
        bench.do(1, 0.1, 9, UPPER)
        bench.potentiostat.finish()
        bench.step()
    same, other = restarted(bench, tmp_path / "a"), restarted(bench, tmp_path / "b", cell="cell 2")
    for each, expected in ((same, 2.7), (other, 1.8)):
        each.start()
        each.do(1, 0.1, 9, UPPER)
        assert each.values("state_of_charge")[-1] == pytest.approx(expected / 3600 / 2.75e-3)


def test_a_spectrum_goes_on_behind_a_restart(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for frequency in (1e4, 1e3):
        bench.point(frequency)
    bench.step()
    again = restarted(bench, tmp_path)
    again.point(1e2)
    again.step()
    assert json.loads(str(again.shown["CELL:IMPEDANCE"]))["frequency"] == [1e4, 1e3, 1e2]


def test_the_last_count_is_of_one_sample(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 3, UPPER)
    logged(bench, tmp_path)
    with closing(EnvironmentHistory(tmp_path)) as history:
        known = recollection(remembered(bench), history, "cell 1")
    expected = 0.3 / 3600
    assert known.last == LastCount(pytest.approx(expected), 0.1, 1, pytest.approx(expected), 1, START_NS + 3 * NS)
    assert not [
        row for row in bench.kept if isinstance(row, RealisedStep) and row.ended_ns and math.isnan(row.ended_ns)
    ]


def test_a_service_killed_right_behind_a_pause_has_the_charge_of_the_pause(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for _ in range(20):
        bench.sample(1, 0.1)
    bench.step()
    bench.pause()
    again = restarted(bench, tmp_path)
    again.begin()
    again.sample(0, 0.0, seconds=50.0)
    again.step()
    assert count(again) == pytest.approx(2.0)
    assert again.samples[-1]["charge"].quality == 0
    again.resume()
    assert again.potentiostat.started[-1][0].steps[0].longest == pytest.approx(3580.0)


def test_a_programme_that_ended_unheard_leaves_what_was_logged_of_its_charge(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for _ in range(20):
        bench.sample(1, 0.1)
    bench.step()
    bench.potentiostat.is_running = False
    again = restarted(bench, tmp_path)
    for _ in range(2000):
        again.step(1.0)
    assert again.state is ProgrammeState.FAULT
    again.start()
    again.begin()
    again.sample(1, 0.1)
    again.step()
    assert again.values("state_of_charge")[-1] == pytest.approx(2.1 / 3600 / 2.75e-3)


def test_steps_that_nobody_saw_are_in_the_log_as_such(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for _ in range(5):
        bench.sample(1, 0.1)
    bench.step()
    again = restarted(bench, tmp_path)
    again.pass_time(200.0)
    again.run += 4  # hold, rest and discharge are over
    again.own = 0.0
    again.sample(5, 0.0)
    again.step()
    assert [(step.run, step.step) for step in again.steps] == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)]
    assert ["no service listened" in step.how for step in again.steps] == [True, True, True, True, False]
    unseen = again.steps[1]
    assert unseen.duration is None
    assert (unseen.begun_ns // NS, unseen.ended_ns) == ((START_NS + 5 * NS) // NS, START_NS + 206 * NS)
    assert again.values("half_cycle") == [2.0]
    assert not again.values("specific_capacity")  # where the half-cycle began, nobody heard
