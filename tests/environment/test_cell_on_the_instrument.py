"""Runner, driver, simulated instrument and cell on one line in virtual time: what the log says is what was true."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from environment.cell_day import INTERVAL, NS, Day, everything, programme, throughput
from instruments.virtual_bench import START_NS

from operando.vocabulary import CellProgramme, ConstantCurrent, End, Limit, Loop, Rest, Safety


def test_three_cycles_with_holds_and_spectra_are_in_the_log_as_they_were(tmp_path: Path) -> None:
    day = Day(tmp_path, programme())
    day.tell("start")
    with closing(day.finish()) as history:
        charge, steps = everything(history)
        assert charge == pytest.approx(day.cell.passed, rel=1e-3)  # of the net charge, 1/15 of what passed to and fro
        assert len(steps) == 3 * 7
        assert [step.cycle for step in steps[::7]] == [1, 2, 3]
        assert [step.half_cycle for step in steps if step.kind == "constant_current"] == [1, 2, 3, 4, 5, 6]
        assert {step.how for step in steps if step.kind == "impedance"} == {"complete"}
        spectra = history.spectra(0, 2**62)
        assert len(spectra) == 6
        assert all(len(spectrum.points) > 30 and spectrum.ended_ns for spectrum in spectra)
        assert day.cell.highest < 3.682
        # every begin and every end, and what passed between them, as the cell saw it
        times, counted = day.cell.lived()
        begun = np.array([(step.begun_ns - START_NS) / NS for step in steps])
        ended = np.array([((step.ended_ns or 0) - START_NS) / NS for step in steps])
        assert len(times) == len(steps) + 1
        assert np.max(np.abs(begun - times[:-1])) < INTERVAL
        assert np.max(np.abs(ended - times[1:])) < INTERVAL
        for step, passed in zip(steps, np.diff(counted), strict=True):
            if step.kind in ("constant_current", "constant_voltage"):
                assert step.charge == pytest.approx(passed, rel=1e-3), step
        charged, discharged = counted[-4] - counted[-8], counted[-1] - counted[-4]  # the last cycle
        efficiency = history.last("efficiency")
        assert efficiency is not None
        assert efficiency.value == pytest.approx(-discharged / charged, rel=1e-4)


def test_a_service_killed_in_mid_step_leaves_a_gap_and_no_error_of_charge(tmp_path: Path) -> None:
    day = Day(tmp_path, programme(passes=1))
    day.tell("start")
    day.run(60.0)
    before = day.bench.now_ns()
    day.kill(away=15.0)
    assert day.shown["CELL:STATE"] == "running"
    after = day.bench.now_ns()
    with closing(day.finish()) as history:
        charge, steps = everything(history)
        assert charge == pytest.approx(day.cell.passed, abs=1e-3 * throughput(steps))
        assert day.cell.highest < 3.682
        assert len(steps) == 7
        assert len(history.samples("voltage", before + NS // 2, after - NS // 2)) == 0
        assert len(history.samples("voltage", after, after + 10 * NS)) > 80
        quality = history.samples("charge", after, 2**62).quality
        assert set(quality) == {0}


def test_what_the_log_lost_with_a_killed_service_of_one_step_and_the_next_is_told_again(tmp_path: Path) -> None:
    day = Day(tmp_path / "lost", programme(passes=1))
    day.tell("start")
    day.run(140.0)
    begun = day.runner.facts()["row"]
    assert isinstance(begun, dict)
    day.folder = tmp_path / "next"  # the log had not written it; what is remembered had been
    day.kill(away=1.0)
    day.run(5.0)
    with closing(day.closed()) as history:
        ended, runs = history.steps(0, 2**62)
        assert (ended.name, ended.how) == ("charge, current", "voltage >= 3.68 V")
        assert (runs.name, runs.begun_ns, runs.ended_ns) == ("charge, voltage", begun["begun_ns"], None)
        assert ended.ended_ns == pytest.approx(runs.begun_ns, abs=INTERVAL * NS)


def test_a_service_that_is_away_over_the_end_of_a_step_finds_the_programme_further_on(tmp_path: Path) -> None:
    day = Day(tmp_path, programme(passes=1))
    day.tell("start")
    day.run(60.0)
    day.kill(away=90.0)  # the charge ends, and the hold
    with closing(day.finish()) as history:
        charge, steps = everything(history)
        assert charge == pytest.approx(day.cell.passed, abs=1e-3 * throughput(steps))
        assert set(history.samples("charge", 0, 2**62).quality) == {0}
        assert "no service listened" in steps[0].how


def test_a_paused_programme_does_what_one_that_was_not_paused_does(tmp_path: Path) -> None:
    day = Day(tmp_path, programme(passes=1))
    day.tell("start")
    day.run(60.0)
    day.tell("pause")
    day.run(20.0)
    assert day.shown["CELL:STATE"] == "paused"
    assert day.cell.current == 0.0
    day.tell("resume")
    with closing(day.finish()) as history:
        charge, steps = everything(history)
        assert [step.name for step in steps][:3] == [steps[0].name, "pause", steps[0].name]
        assert [step.run for step in steps] == list(range(1, len(steps) + 1))
        assert charge == pytest.approx(day.cell.passed, abs=1e-3 * throughput(steps))
        paused = steps[1]
        age = history.last("rest_age", (paused.ended_ns or 0) - NS // 2)
        assert age is not None
        assert age.value == pytest.approx(19.5, abs=1.0)
        assert len(steps) == 7 + 2


@pytest.mark.parametrize("kept", [10**9, 4096], ids=["everything waited", "the line kept 4 KiB"])
def test_a_frozen_host_finds_the_cell_inside_its_limits(tmp_path: Path, kept: int) -> None:
    day = Day(tmp_path, programme(passes=1))
    day.tell("start")
    day.run(60.0)
    day.bench.pass_time(90.0)  # nobody listens; the charge ends meanwhile
    (ended,) = (time for time, what, _ in day.cell.done if what == "voltage")
    assert day.cell.highest == pytest.approx(3.68, abs=0.002)
    day.bench.keep(kept)
    with closing(day.finish()) as history:
        charge, steps = everything(history)
        assert [step.kind for step in steps][:2] == ["constant_current", "constant_voltage"]
        assert charge == pytest.approx(day.cell.passed, abs=1e-3 * throughput(steps))
        if kept > 4096:
            assert steps[0].how == "voltage >= 3.68 V"
            assert steps[0].ended_ns == pytest.approx(START_NS + ended * NS, abs=INTERVAL * NS)


@pytest.mark.parametrize("by", ["measurement done", "temperature >= 45 degC", "time >= 30 s"])
def test_a_rest_ends_with_what_it_waits_for_and_the_programme_goes_on(tmp_path: Path, by: str) -> None:
    until = (End(Limit.TEMPERATURE, 45.0), End(Limit.MEASUREMENT), End(Limit.TIME, 30.0))
    rest = Rest(number=1, name="map", ends=until, sample_interval=INTERVAL)
    charge = ConstantCurrent(
        number=2, name="charge", ends=(End(Limit.TIME, 5.0),), sample_interval=INTERVAL, current=0.01
    )  # fmt: skip
    day = Day(tmp_path, CellProgramme("waits", (Loop(2, (rest, charge)),), Safety(), "", "abc", 0.62))
    day.tell("start")
    day.run(10.0)
    if by == "measurement done":
        day.tell("end_step")
    elif by != "time >= 30 s":
        day.celsius = 46.0
    with closing(day.finish()) as history:
        counted, steps = everything(history)
    waited = 30.0 if "time" in by else 10.0
    assert [step.how for step in steps][:2] == [by, "time >= 5 s"]
    assert steps[0].duration == pytest.approx(waited, abs=0.5)
    assert steps[1].duration == pytest.approx(5.0, abs=0.2)
    assert counted == pytest.approx(day.cell.passed, rel=1e-3)
    if by.startswith("temperature"):
        assert (steps[2].duration or 99.0) < 1.0  # it is warm already
