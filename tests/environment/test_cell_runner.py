"""The life of a cell programme under its runner: steps, pauses, ends from outside, silence, faults."""

import json
import math
from dataclasses import replace

import pytest
from environment.small_rig import START_NS
from environment.talking_potentiostat import HOUR, LOWER, NS, PROGRAMME, TAPER, UPPER, Bench

from operando.environment.cell.book import programme_json
from operando.errors import InstrumentRefused, NoReply
from operando.history import KeptProgramme, Spectrum
from operando.vocabulary import End, Limit, Loop, ProgrammeState, Quality, Reading, Rest, programme_from


def test_a_programme_runs_from_start_to_its_own_end() -> None:
    bench = Bench()
    assert programme_from(json.loads(str(bench.shown["CELL:PROGRAMME"]))) == PROGRAMME
    assert bench.shown["CELL:STATE"] == "idle"
    bench.start()
    assert bench.potentiostat.started[0][0] == PROGRAMME
    assert bench.shown["CELL:STATE"] == "running"
    assert bench.runner.objection("start") == "a programme is running"
    bench.do(1, 0.1, 3, UPPER)
    bench.potentiostat.finish()
    bench.step()
    assert bench.shown["CELL:STATE"] == "finished"
    assert bench.runner.objection("start") == ""
    assert "no programme was interrupted" in bench.runner.objection("resume")


def test_everything_of_a_sample_is_told_at_once_under_its_own_time() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    (found,) = bench.samples
    assert {reading.time_ns for reading in found.values()} == {START_NS + NS}
    expected = {
        "voltage": 3.2, "current": 0.1, "charge": 0.1 / 3600, "step_charge": 0.1 / 3600, "cycle": 1.0, "step": 1.0,
        "run": 1.0, "half_cycle": 1.0, "step_time": 1.0, "potential": 3.82, "time_uncertainty": 5e-4,
        "specific_capacity": 0.1 / 3.6 / 0.01, "state_of_charge": 0.1 / 3600 / 2.75e-3, "rest_age": 0.0,
        "cell_overload": 0.0, "asked_current": 0.1,
    }  # fmt: skip
    assert {name: reading.value for name, reading in found.items()} == pytest.approx(expected)


def test_channels_speak_under_their_own_names() -> None:
    bench = Bench(channel="B")
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    assert "voltage_b" in bench.samples[0]
    assert "cell_overload_b" in bench.samples[0]
    assert bench.shown["CELL_B:STATE"] == "running"
    assert bench.steps[0].cell == "B"


def test_each_step_is_kept_with_its_limits_and_how_it_ended() -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 10, UPPER)
    bench.do(2, 0.02, 5, TAPER)
    bench.do(3, 0.0, 5, HOUR)
    bench.do(4, -0.1, 8, LOWER)
    charge, hold, rest, discharge = bench.steps
    assert (charge.begun_ns, charge.ended_ns) == (START_NS, START_NS + 10 * NS)
    assert (hold.begun_ns, hold.ended_ns) == (START_NS + 10 * NS, START_NS + 15 * NS)
    assert [step.how for step in bench.steps] == [
        "voltage >= 3.68 V", "current <= 0.01 A", "time >= 3600 s", "voltage <= 2.18 V",
    ]  # fmt: skip
    assert [step.half_cycle for step in bench.steps] == [1, 1, 1, 2]
    assert charge.charge == pytest.approx(1.0 / 3600)
    assert discharge.charge == pytest.approx(-0.8 / 3600)
    assert rest.charge == 0.0
    assert (charge.duration, charge.voltage, charge.current) == (pytest.approx(10.0), 3.2, 0.1)
    assert json.loads(charge.limits)["ends"][0] == {"limit": "voltage", "value": 3.68, "below": False}
    assert json.loads(str(bench.shown["CELL:LAST_END"]))["how"] == "voltage <= 2.18 V"
    (kept,) = (row for row in bench.kept if isinstance(row, KeptProgramme))
    assert programme_from(json.loads(kept.text)) == PROGRAMME


def test_an_efficiency_is_told_when_the_discharge_is_over() -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 20, UPPER)
    bench.do(4, -0.1, 15, LOWER)
    assert not bench.values("efficiency")
    bench.potentiostat.finish()
    bench.step()
    assert bench.values("efficiency") == [pytest.approx(0.75)]


def test_a_spectrum_is_kept_as_it_grows() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    for frequency in (1e4, 1e3, 1e2):
        bench.point(frequency)
        bench.step()
    assert json.loads(str(bench.shown["CELL:IMPEDANCE"]))["frequency"] == [1e4, 1e3, 1e2]
    bench.end(5, None, complete=True)
    bench.step()
    spectra = [row for row in bench.kept if isinstance(row, Spectrum)]
    assert [len(row.points) for row in spectra] == [1, 2, 3, 3]
    assert spectra[-1].ended_ns == bench.steps[0].ended_ns
    assert bench.steps[0].how == "complete"


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


def test_a_map_that_is_done_ends_a_rest_that_waits_for_it() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    assert bench.runner.objection("end_step") == "the step 'charge' waits for no measurement"
    assert bench.tell("end_step") != ""
    bench.end(1, UPPER)
    bench.begin()
    bench.begin()
    bench.sample(3, 0.0)
    bench.step()
    assert bench.tell("end_step") == ""
    assert bench.potentiostat.story[-1] == "end_step"
    bench.end(3, None)
    bench.step()
    assert bench.steps[-1].how == "measurement done"


@pytest.mark.parametrize(
    ("quality", "age", "ended"), [(Quality.GOOD, 0, True), (Quality.SUSPECT, 0, False), (Quality.GOOD, 10, False)]
)
def test_a_temperature_ends_a_step_when_it_is_to_be_believed(quality: Quality, age: int, ended: bool) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(3, 0.0)
    bench.temperature = Reading(44.9, bench.now_ns)
    bench.step()
    assert "end_step" not in bench.potentiostat.story
    bench.temperature = Reading(45.1, bench.now_ns - age * NS, quality)
    bench.step()
    bench.step()
    assert bench.potentiostat.story.count("end_step") == ended
    bench.end(3, None)
    bench.step()
    assert bench.steps[-1].how == ("temperature >= 45 degC" if ended else "told by the host")


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


def test_a_rest_grows_old_behind_the_end_of_a_programme() -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 3, UPPER)
    bench.potentiostat.finish()
    bench.step()
    bench.pass_time(100.0)
    bench.step(1.0)
    assert bench.values("rest_age")[-1] == pytest.approx(100.0)


def test_the_drift_of_the_clock_is_told() -> None:
    bench = Bench()
    bench.start()
    bench.step(1.0)
    assert bench.values("clock_drift") == [2e-5]


def test_a_state_of_charge_counts_the_programmes_before() -> None:
    bench = Bench()
    for _ in range(2):
        bench.start()
        bench.do(1, 0.1, 9, UPPER)
        bench.potentiostat.finish()
        bench.step()
    assert bench.values("charge")[-1] == pytest.approx(0.9 / 3600)
    assert bench.values("state_of_charge")[-1] == pytest.approx(1.8 / 3600 / 2.75e-3)


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


def test_a_programme_that_is_too_long_for_its_record_is_told_in_part() -> None:
    long = replace(PROGRAMME, source="#" * 100_000)
    found = json.loads(programme_json(long))
    assert found["hash"] == PROGRAMME.hash
    assert "source" not in found
    assert len(found["parts"]) == 1
    many = replace(long, parts=PROGRAMME.parts * 1000)
    assert json.loads(programme_json(many))["name"] == PROGRAMME.name


def test_another_programme_can_be_loaded_while_none_runs() -> None:
    bench = Bench()
    other = replace(PROGRAMME, name="other", hash="other")
    bench.compiling = {"name = 'other'": other}
    bench.start()
    assert bench.tell("load", "name = 'other'") == "a programme is running"
    bench.potentiostat.finish()
    bench.step()
    assert "is no programme" in bench.tell("load", "nonsense")
    assert bench.tell("load", "name = 'other'") == ""
    assert json.loads(str(bench.shown["CELL:PROGRAMME"]))["name"] == "other"
    bench.start()
    assert bench.potentiostat.started[-1][0] == other


def test_an_end_that_could_not_be_told_is_told_again() -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(3, 0.0)
    bench.step()
    bench.temperature = Reading(45.1, bench.now_ns)
    bench.potentiostat.failing = NoReply("EmStat4: nothing")
    bench.step()
    assert "end_step" not in bench.potentiostat.story
    bench.potentiostat.failing = None
    bench.step()
    assert bench.potentiostat.story[-1] == "end_step"


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
