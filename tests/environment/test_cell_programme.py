"""The cell programme: its life, its charge, and one that was found running."""

import json
from collections import defaultdict
from concurrent.futures import Future

import pytest
from environment.small_rig import START_NS, FakePotentiostat

from operando.environment.axis import Change
from operando.environment.before import LastCount, ProgrammeBefore
from operando.environment.charge import ChargeCount
from operando.environment.programme import ProgrammeRunner
from operando.errors import InstrumentRefused, NoReply
from operando.instruments.roles import Sample
from operando.vocabulary import ConstantCurrentCycling, ProgrammeState, Quality, Reading

PROGRAMME = ConstantCurrentCycling(0.1, 0.1, 3.68, 2.18, 1, 3600.0, 0.5)


class Bench:
    """A runner on a fake potentiostat."""

    def __init__(
        self,
        last: LastCount | None = None,
        state: ProgrammeState = ProgrammeState.IDLE,
        latched: bool = False,
        running: bool = False,
    ) -> None:
        self.potentiostat = FakePotentiostat(is_running=running)
        self.readings: dict[str, list[Reading]] = defaultdict(list)
        self.shown: dict[str, str] = {}
        self.notes: list[str] = []
        self.runner = ProgrammeRunner(
            self.potentiostat,
            PROGRAMME,
            lambda quantity, reading: self.readings[quantity].append(reading),
            self.shown.__setitem__,
            self.notes.append,
            ProgrammeBefore(state, latched, last),
        )
        self.runner.step(0.1)

    def tell(self, field: str) -> str:
        """Have a change carried out; return why it was not."""
        done: Future[str] = Future()
        self.runner.tell(Change(field, done=done))
        self.runner.step(0.1)
        return done.result(0)

    def measure(self, *samples: Sample) -> None:
        self.potentiostat.packets += samples
        self.runner.step(0.1)


def sample(elapsed: float, current: float, cycle: int = 1, step: int = 1, status: int = 0) -> Sample:
    time_ns = START_NS + round(elapsed * 1e9)
    return Sample(3.2, current, elapsed, cycle, step, status, time_ns, time_ns + 1_000_000)


def test_a_programme_runs_from_start_to_its_own_end() -> None:
    bench = Bench()
    assert json.loads(bench.shown["CELL:PROGRAMME"])["upper_cutoff"] == 3.68
    assert bench.shown["CELL:STATE"] == "idle"
    assert bench.tell("start") == ""
    assert bench.potentiostat.started == [PROGRAMME]
    assert bench.shown["CELL:STATE"] == "running"
    assert bench.runner.objection() == "a programme is running"
    bench.measure(sample(0.5, 0.1), sample(1.0, 0.1))
    bench.potentiostat.finish()
    bench.runner.step(0.1)
    assert bench.shown["CELL:STATE"] == "finished"
    assert bench.runner.objection() == ""


def test_samples_are_logged_under_their_own_time() -> None:
    bench = Bench()
    bench.tell("start")
    bench.measure(sample(0.5, 0.1), sample(1.0, 0.1, status=2))
    assert bench.readings["voltage"] == [
        Reading(3.2, START_NS + 500_000_000),
        Reading(3.2, START_NS + 1_000_000_000, Quality.SUSPECT),
    ]
    assert {name: len(found) for name, found in bench.readings.items()} == dict.fromkeys(
        ("voltage", "current", "charge", "cycle", "step"), 2
    )


def test_charge_of_a_charge_and_discharge_returns_to_nothing() -> None:
    count = ChargeCount()
    for tick in range(1, 21):
        count = count.counted(tick * 0.5, 0.1, (1, 1))
    assert count.charge == pytest.approx(0.1 * 10.0 / 3600)
    for tick in range(21, 41):
        count = count.counted(tick * 0.5, -0.1, (1, 2))
    assert count.charge == pytest.approx(0.0, abs=1e-12)


def test_charge_of_a_current_that_changes_is_its_integral() -> None:
    count = ChargeCount().counted(0.0, 0.0, (1, 1))
    for tick in range(1, 101):
        count = count.counted(tick * 0.1, tick * 1e-4, (1, 1))
    assert count.charge == pytest.approx(0.5 * 1e-2 * 10.0 / 3600, rel=1e-3)


def test_a_current_that_is_not_a_number_is_bridged() -> None:
    count = ChargeCount().counted(1.0, 0.1, (1, 1)).counted(2.0, float("nan"), (1, 1)).counted(3.0, 0.1, (1, 1))
    assert count.charge == pytest.approx(0.3 / 3600)


def test_a_programme_found_running_goes_on_counting_where_the_log_ends() -> None:
    bench = Bench(LastCount(0.1 * 100 / 3600, 0.1, (1, 1), START_NS + 100_000_000_000))
    bench.measure(sample(110.0, 0.1), sample(110.5, 0.1))
    assert bench.shown["CELL:STATE"] == "running"
    assert bench.readings["charge"][-1].value == pytest.approx(0.1 * 110.5 / 3600)
    assert bench.readings["charge"][-1].quality is Quality.GOOD
    assert "taken over" in bench.notes[0]


@pytest.mark.parametrize("last", [None, LastCount(5.0, 0.1, (1, 2), START_NS - 10_000_000_000)])
def test_a_charge_that_nobody_counted_is_suspect(last: LastCount | None) -> None:
    bench = Bench(last)
    bench.measure(sample(110.0, 0.1))
    assert bench.readings["charge"][-1].value == pytest.approx(0.1 * 110.0 / 3600)
    assert bench.readings["charge"][-1].quality is Quality.SUSPECT
    assert bench.readings["current"][-1].quality is Quality.GOOD


def test_samples_that_waited_for_the_service_have_no_time() -> None:
    bench = Bench()
    fresh = ProgrammeRunner(
        bench.potentiostat, PROGRAMME, lambda quantity, _: bench.notes.append(quantity), lambda *_: None, str
    )
    bench.potentiostat.packets = [sample(110.0, 0.1), sample(110.5, 0.1)]
    fresh.step(0.1)
    assert fresh.state is ProgrammeState.RUNNING
    assert bench.notes == []


def test_a_stop_opens_the_circuit() -> None:
    bench = Bench()
    bench.tell("start")
    assert bench.tell("stop") == ""
    assert bench.potentiostat.switched_off == 1
    assert bench.shown["CELL:STATE"] == "stopped"
    assert bench.tell("start") == ""


def test_safe_is_latched() -> None:
    bench = Bench()
    bench.tell("start")
    bench.tell("safe")
    assert bench.shown["CELL:STATE"] == "stopped"
    assert "latched" in bench.runner.objection()
    bench.tell("reset")
    assert bench.runner.objection() == ""


def test_safe_is_tried_until_the_circuit_is_open() -> None:
    bench = Bench()
    bench.tell("start")
    bench.potentiostat.failing = NoReply("EmStat4: nothing")
    assert "nothing" in bench.tell("safe")
    bench.runner.step(0.1)
    bench.potentiostat.failing = None
    bench.runner.step(0.1)
    assert bench.potentiostat.switched_off == 1
    assert len(bench.notes) == 1


def test_an_instrument_that_refuses_a_start_is_quoted() -> None:
    bench = Bench()
    bench.potentiostat.refusing = InstrumentRefused("EmStat4: the script was answered '!4001'")
    assert "'!4001'" in bench.tell("start")
    assert bench.shown["CELL:STATE"] == "idle"


def test_a_runtime_error_is_a_fault() -> None:
    bench = Bench()
    bench.tell("start")
    bench.potentiostat.finish("!0032 (critical cell overload, measurement aborted)")
    bench.runner.step(0.1)
    assert bench.shown["CELL:STATE"] == "fault"
    assert "critical cell overload" in bench.notes[-1]


@pytest.mark.parametrize("state", [ProgrammeState.FINISHED, ProgrammeState.STOPPED, ProgrammeState.FAULT])
def test_a_restarted_service_knows_how_the_last_programme_ended(state: ProgrammeState) -> None:
    bench = Bench(state=state)
    assert bench.shown["CELL:STATE"] == state
    assert bench.runner.facts() == {"state": state.value, "latched": False}
    assert bench.runner.objection() == ""


def test_a_programme_that_was_left_running_is_running_until_it_is_heard_or_missed() -> None:
    heard = Bench(state=ProgrammeState.RUNNING)
    for _ in range(20):
        heard.runner.step(0.1)
        assert heard.shown["CELL:STATE"] == "running"
        assert "a programme is running" in heard.runner.objection()
    heard.measure(sample(110.0, 0.1), sample(110.5, 0.1))
    heard.potentiostat.finish()
    heard.runner.step(0.1)
    assert heard.shown["CELL:STATE"] == "finished"

    missed = Bench(state=ProgrammeState.RUNNING)
    for _ in range(60):
        missed.runner.step(0.1)
    assert missed.shown["CELL:STATE"] == "fault"
    assert "while no service listened" in missed.notes[-1]


def test_a_safe_state_survives_a_restart_and_opens_the_circuit_again() -> None:
    bench = Bench(state=ProgrammeState.RUNNING, latched=True, running=True)
    assert bench.potentiostat.switched_off == 1
    assert bench.shown["CELL:STATE"] == "stopped"
    assert "latched" in bench.runner.objection()
    assert bench.runner.facts() == {"state": "stopped", "latched": True}
