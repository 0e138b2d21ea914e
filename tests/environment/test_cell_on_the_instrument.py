"""Runner, driver, simulated instrument and cell on one line in virtual time: what the log says is what was true."""

import json
import tomllib
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from instruments.virtual_bench import START_NS, Bench

import operando.configs
from operando.config.programme import INSTRUMENTS, CellFacts, Facts, compile_programme, hastened, validated
from operando.environment.axis import Change
from operando.environment.cell import CellNames, ProgrammeRunner, Recollection
from operando.environment.cell.facts import CellFacts as Mounted
from operando.environment.cell.facts import telling
from operando.environment.cell.recollection import recollection
from operando.history import EnvironmentHistory, EnvironmentLog, RealisedStep
from operando.instruments import EmStat4
from operando.sim.cell.electrochemistry import Electrochemistry
from operando.vocabulary import CellProgramme, ProgrammeState, Reading

NS = 1_000_000_000
SPEED, INTERVAL, MASS = 100.0, 0.1, 3.927e-3
POLL = 0.2  # s
PROGRAMMES = Path(operando.configs.__file__).parent / "programmes"


if TYPE_CHECKING:
    from operando.records import Value


class Witnessed(Electrochemistry):
    """A cell that writes down when something else was done to it, and when it was beyond its limits."""

    def __init__(self) -> None:
        self.clock, self.done, self.highest = 0.0, [(0.0, "open", 0.0)], 0.0
        super().__init__(10.0, 0.7854, 0.62, SPEED, active_mass=MASS)

    def step(self, dt: float) -> None:
        super().step(dt)
        self.clock += dt
        self.highest = max(self.highest, self.voltage)

    def impose_current(self, ampere: float) -> None:
        super().impose_current(ampere)
        self._note("current", ampere)

    def hold_voltage(self, volts: float) -> None:
        super().hold_voltage(volts)
        self._note("voltage", volts)

    def open(self) -> None:
        super().open()
        self._note("open", 0.0)

    def _note(self, what: str, value: float) -> None:
        if self.done[-1][1:] != (what, value):
            self.done.append((self.clock, what, value))


def programme(name: str = "nmc811_cc_cv_eis.toml", passes: int = 3) -> CellProgramme:
    written = hastened(tomllib.loads((PROGRAMMES / name).read_text(encoding="utf-8")), SPEED, INTERVAL)
    written["steps"][0]["passes"] = passes
    facts = Facts(CellFacts(0.62, 0.7854e-3, MASS), INSTRUMENTS["emstat4"], (15.0, 100.0))
    return compile_programme(validated(written, name), facts)


class ShortOfMemory(Bench):
    """A line that forgets what nobody took from it."""

    def keep(self, bytes_kept: int) -> None:
        self._incoming = self._incoming[:bytes_kept]


class Day:
    """A service's part for one cell, on a log of its own; it can be killed and started again."""

    def __init__(self, folder: Path, whole: CellProgramme) -> None:
        self.cell = Witnessed()
        self.bench = ShortOfMemory(self.cell, clock_error=30e-6)
        self.folder, self.whole = folder, whole
        self.shown: dict[str, Value] = {}
        self.notes: list[str] = []
        self.start_service()

    def start_service(self, known: Recollection | None = None) -> None:
        self.log = log = EnvironmentLog(self.folder)

        def sample(found: dict[str, Reading]) -> None:
            for name, reading in found.items():
                log.append(name, reading)

        told = telling(CellNames(), sample, log.append, self.shown.__setitem__, self.notes.append, log.keep)
        self.driver = EmStat4(self.bench, now_ns=self.bench.now_ns)
        self.runner = ProgrammeRunner(
            self.driver, self.whole, told, Mounted("cell", MASS, 1.08e-3), before=known or Recollection(),
            now_ns=self.bench.now_ns,
        )  # fmt: skip
        self.runner.step(POLL)

    def kill(self, away: float) -> None:
        """End the service without a word; start another a while later."""
        self.log.commit(self.bench.now_ns() + NS)
        facts = json.loads(json.dumps(dict(self.runner.facts())))
        self.log.close()
        self.bench.pass_time(away)
        self.bench.close()  # what waited on the line is lost with the port
        with closing(EnvironmentHistory(self.folder)) as history:
            known = recollection(facts, history, "cell")
        self.start_service(known)

    def tell(self, field: str) -> None:
        change = Change(field, done=Future())
        self.runner.tell(change)
        self.runner.step(POLL)
        assert change.done is not None
        assert change.done.result(0) == ""

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / POLL)):
            self.bench.pass_time(POLL)
            self.runner.step(POLL)

    def run_until(self, state: ProgrammeState, longest: float = 3000.0) -> None:
        begun = self.bench.now
        while self.runner.state is not state:
            assert self.bench.now - begun < longest, self.notes
            self.run(POLL)

    def finish(self) -> EnvironmentHistory:
        self.run_until(ProgrammeState.FINISHED)
        self.log.close(self.bench.now_ns() + NS)
        return EnvironmentHistory(self.folder)


def everything(history: EnvironmentHistory) -> tuple[float, list[RealisedStep]]:
    """Return the charge at the end, A h, and every step."""
    charge = history.last("charge")
    assert charge is not None
    return charge.value, history.steps(0, 2**62)


def throughput(steps: list[RealisedStep]) -> float:
    return sum(abs(step.charge or 0.0) for step in steps)


def test_three_cycles_with_holds_and_spectra_are_in_the_log_as_they_were(tmp_path: Path) -> None:
    day = Day(tmp_path, programme())
    day.tell("start")
    with closing(day.finish()) as history:
        charge, steps = everything(history)
        assert charge == pytest.approx(day.cell.passed, abs=1e-3 * throughput(steps))
        assert len(steps) == 3 * 7
        assert [step.cycle for step in steps[::7]] == [1, 2, 3]
        assert [step.half_cycle for step in steps if step.kind == "constant_current"] == [1, 2, 3, 4, 5, 6]
        assert {step.how for step in steps if step.kind == "impedance"} == {"complete"}
        spectra = history.spectra(0, 2**62)
        assert len(spectra) == 6
        assert all(len(spectrum.points) > 30 and spectrum.ended_ns for spectrum in spectra)
        efficiency = history.last("efficiency")
        assert efficiency is not None
        assert 0.9 < efficiency.value < 1.0
        assert day.cell.highest < 3.682
        # the begin of each charge and of each discharge, as the cell saw it
        truth = [time for time, what, value in day.cell.done if what == "current" and abs(value) > 1e-4]
        logged = [(step.begun_ns - START_NS) / NS for step in steps if step.kind == "constant_current"]
        assert len(truth) == len(logged)
        assert max(abs(one - other) for one, other in zip(truth, logged, strict=True)) < INTERVAL


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
