"""The life of a cell programme under its runner: steps, pauses, ends from outside, silence, faults."""

import json
from dataclasses import replace

import pytest
from environment.small_rig import START_NS
from environment.talking_potentiostat import HOUR, LOWER, NS, PROGRAMME, TAPER, UPPER, Bench

from operando.errors import NoReply
from operando.history import KeptProgramme, Spectrum
from operando.vocabulary import Quality, Reading, programme_from


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
        "cell_overload": 0.0, "asked_current": 0.1, "sample_interval": 1.0,
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
