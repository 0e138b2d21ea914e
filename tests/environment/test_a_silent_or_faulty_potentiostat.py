"""Silence, faults and stops under the runner of a cell: what is told of them, and the circuit that is opened."""

import math

import pytest
from environment.talking_potentiostat import UPPER, Bench

from operando.errors import InstrumentRefused, NoReply
from operando.vocabulary import ProgrammeState, Quality


def test_silence_is_told_as_missing_samples() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    for _ in range(70):
        bench.step(0.02)
    assert not [found for found in bench.samples if math.isnan(found["voltage"].value)]
    for _ in range(160):
        bench.step(0.02)
    missed = [found for found in bench.samples if math.isnan(found["voltage"].value)]
    assert len(missed) == 4  # after 1.5, 2.5, 3.5 and 4.5 s
    assert {found["current"].quality for found in missed} == {Quality.INVALID}


def test_a_lost_line_is_told_at_once() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    bench.potentiostat.failing = NoReply("EmStat4: line lost")
    bench.step(0.02)
    assert math.isnan(bench.samples[-1]["voltage"].value)
    for _ in range(100):
        bench.step(0.02)
    assert len(bench.samples) == 1 + 3
    assert len([note for note in bench.notes if "line lost" in note]) == 1


def test_a_safety_limit_that_ended_the_programme_is_a_fault() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.end(1, None, safety="upper voltage")
    bench.step()
    bench.potentiostat.finish()
    bench.step()
    assert bench.state is ProgrammeState.FAULT
    assert "upper voltage" in bench.notes[-1]
    assert bench.steps[-1].how == "safety: upper voltage"


def test_a_runtime_error_is_a_fault_from_which_somebody_may_go_on() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    bench.potentiostat.finish("!0032 (critical cell overload, measurement aborted)")
    bench.step()
    assert bench.shown["CELL:STATE"] == "fault"
    assert "critical cell overload" in bench.notes[-1]
    assert "critical cell overload" in bench.steps[-1].how
    bench.resume()
    assert bench.potentiostat.started[-1][0].steps[0].name == "charge"


def test_a_stop_opens_the_circuit_and_it_is_read_back_until_it_is_seen() -> None:
    bench = Bench()
    bench.start()
    bench.verifier.open = False
    assert bench.tell("stop") == ""
    assert bench.potentiostat.story[-1] == "cell_off"
    assert bench.shown["CELL:STATE"] == "stopped"
    bench.step(1.0)
    bench.verifier.open = True
    bench.step(1.0)
    bench.step(1.0)
    assert bench.verifier.story == ["begun", "verify", "verify", "verify"]


def test_safe_is_latched_and_tried_until_the_circuit_is_open() -> None:
    bench = Bench()
    bench.start()
    bench.potentiostat.failing = NoReply("EmStat4: nothing")
    assert "nothing" in bench.tell("safe")
    assert bench.verifier.story[-1] == "cannot: EmStat4: nothing"
    assert "latched" in bench.runner.objection("start")
    bench.step()
    bench.potentiostat.failing = None
    bench.step()
    assert bench.potentiostat.story[-1] == "cell_off"
    assert bench.shown["CELL:STATE"] == "stopped"
    bench.tell("reset")
    assert bench.runner.objection("start") == ""


def test_an_instrument_that_refuses_a_start_is_quoted() -> None:
    bench = Bench()
    bench.potentiostat.refusing = InstrumentRefused("EmStat4: the script was answered '!4001'")
    assert "'!4001'" in bench.tell("start")
    assert bench.shown["CELL:STATE"] == "idle"


def test_a_cell_that_was_not_heard_for_long_before_it_was_stopped_has_a_doubtful_charge() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    bench.pass_time(60.0)
    assert bench.tell("stop") == ""
    bench.resume()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    assert bench.samples[-1]["charge"].quality is Quality.SUSPECT


def test_a_service_that_stood_still_and_finds_samples_has_missed_none() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for _ in range(3):
        bench.sample(1, 0.1)
        bench.step(30.0)
    assert all(math.isfinite(found["voltage"].value) for found in bench.samples)


@pytest.mark.parametrize("error", ["", "!0032"])
def test_the_open_circuit_is_read_back_after_a_programme_that_ended_by_itself(error: str) -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 3, UPPER)
    bench.potentiostat.finish(error)
    bench.step()
    bench.verifier.story.clear()
    for _ in range(3):
        bench.step(1.0)
    assert bench.verifier.story == ["verify"]


def test_what_flowed_until_a_stop_is_told_though_no_sample_would() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    bench.pass_time(0.5)
    bench.tell("stop")
    assert bench.values("charge")[-1] == pytest.approx(0.15 / 3600)
