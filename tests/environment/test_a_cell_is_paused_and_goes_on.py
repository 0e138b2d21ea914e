"""What was paused or stopped goes on where it was: nothing of a step is lost, and nothing is done twice."""

import json

import pytest
from environment.talking_potentiostat import HOUR, TAPER, UPPER, Bench

from operando.vocabulary import End, Limit, Loop, ProgrammeState, Rest


def test_a_paused_cell_rests_with_samples_and_goes_on_with_what_remains() -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 10, UPPER)
    bench.begin()
    for _ in range(4):
        bench.sample(2, 0.05)
    bench.step()
    bench.pause()
    assert bench.potentiostat.story[-2:] == ["abort", "rest"]
    assert bench.shown["CELL:STATE"] == "paused"
    assert json.loads(str(bench.shown["CELL:LAST_END"]))["interrupted"]
    assert "paused" in bench.runner.objection("start")
    bench.begin()
    for _ in range(5):
        bench.sample(0, 0.0)
    bench.step()
    assert bench.values("rest_age")[-1] == pytest.approx(5.0)
    assert bench.values("charge")[-1] == pytest.approx(1.2 / 3600)
    bench.resume()
    left, at = bench.potentiostat.started[-1]
    hold = left.steps[0]
    assert (hold.name, hold.longest) == ("hold", pytest.approx(3596.0))
    assert (at.cycle, at.run, at.step) == (1, 3, 2)
    assert at.passed == pytest.approx(1.2 / 3600)
    assert isinstance(left.parts[-1], Loop)
    assert left.parts[-1].passes == 2
    bench.begin()
    bench.sample(2, 0.05)
    bench.end(2, TAPER)
    bench.step()
    assert not json.loads(str(bench.shown["CELL:LAST_END"]))["interrupted"]
    assert [step.run for step in bench.steps] == [1, 2, 3, 4]
    assert [step.how for step in bench.steps] == ["voltage >= 3.68 V", "paused", "resumed", "current <= 0.01 A"]
    assert [step.name for step in bench.steps] == ["charge", "hold", "pause", "hold"]
    assert bench.values("charge")[-1] == pytest.approx(1.25 / 3600)


def test_a_step_that_is_paused_twice_loses_nothing() -> None:
    bench = Bench()
    bench.start()
    for seconds in (10, 20, 30):
        bench.begin()
        for _ in range(seconds):
            bench.sample(1, 0.1)
        bench.step()
        bench.pause()
        bench.begin()
        bench.sample(0, 0.0)
        bench.step()
        bench.resume()
    left, at = bench.potentiostat.started[-1]
    assert left.steps[0].longest == pytest.approx(3540.0)
    assert at.elapsed == pytest.approx(60.0)
    assert at.charge == pytest.approx(6.0 / 3600)


def test_a_pause_between_two_steps_goes_on_with_the_second() -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 10, UPPER)
    bench.pause()
    bench.begin()
    bench.sample(0, 0.0)
    bench.step()
    bench.resume()
    left, at = bench.potentiostat.started[-1]
    assert left.steps[0].name == "hold"
    assert (at.step, at.elapsed, at.charge) == (2, 0.0, 0.0)


def test_what_was_stopped_can_go_on_when_somebody_asks_for_it() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    assert bench.tell("safe") == ""
    assert "latched" in bench.runner.objection("resume")
    bench.tell("reset")
    bench.resume()
    assert bench.potentiostat.started[-1][0].steps[0].longest == pytest.approx(3599.0)
    assert bench.state is ProgrammeState.RUNNING


def test_a_step_that_is_spent_is_a_rest_of_the_same_number() -> None:
    spent = Rest(number=1, name="charge", ends=(End(Limit.TIME, 1.0),), sample_interval=1.0)
    bench = Bench()
    bench.start()
    bench.begin()
    for _ in range(3600):
        bench.sample(1, 0.1)
    bench.step()
    bench.pause()
    bench.resume()
    assert bench.potentiostat.started[-1][0].steps[0] == spent


def test_the_end_of_what_remained_of_a_step_is_told_as_it_was_run() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for _ in range(10):
        bench.sample(1, 0.1)
    bench.step()
    bench.pause()
    bench.resume()
    bench.do(1, 0.1, 5, HOUR)
    assert bench.steps[-1].how == "time >= 3590 s"
