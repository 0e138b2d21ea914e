"""A start whose acknowledgement is lost: whether the cell is on, nobody knows, so it is brought to open circuit."""

from concurrent.futures import Future
from pathlib import Path

import pytest
from environment.cell_day import POLL, Day, programme
from environment.talking_potentiostat import Bench as Talking
from instruments.source_meter_bench import SourceMeterBench
from instruments.virtual_bench import programme as written
from sim_wires.capacitor import Capacitor

from operando.environment.axis import Change
from operando.errors import BadReply, InstrumentError, InstrumentRefused, NoReply
from operando.vocabulary import ConstantCurrent, End, Limit, ProgrammeState

LIMITS = (End(Limit.VOLTAGE, 3.68), End(Limit.TIME, 3600.0))
CHARGE = ConstantCurrent(number=1, name="charge", ends=LIMITS, sample_interval=0.5, current=1e-4)


@pytest.mark.parametrize("error", [NoReply("the line is dead"), BadReply("noise")])
def test_the_cell_is_brought_to_open_circuit_again_and_again(error: InstrumentError) -> None:
    bench = Talking()
    bench.potentiostat.refusing = error
    answer = bench.tell("start")
    assert str(error) in answer
    assert "the cell may be ON" in answer
    assert bench.state is ProgrammeState.FAULT
    bench.potentiostat.failing = NoReply("nothing")
    for _ in range(3):
        bench.step()
    assert bench.verifier.story[-1] == "cannot: nothing"
    assert "cell_off" not in bench.potentiostat.story
    bench.potentiostat.failing = bench.potentiostat.refusing = None
    bench.step()
    assert bench.potentiostat.story == ["cell_off"]
    assert bench.verifier.story[-1] == "verify"
    assert bench.state is ProgrammeState.STOPPED
    assert not bench.runner.latched
    bench.step()
    assert bench.potentiostat.story == ["cell_off"]
    bench.start()
    assert bench.state is ProgrammeState.RUNNING


def test_a_programme_that_was_to_be_resumed_still_can_be() -> None:
    bench = Talking()
    bench.start()
    bench.begin()
    for _ in range(20):
        bench.sample(1, 0.1)
    bench.step()
    bench.pause()
    for _ in range(2):
        bench.potentiostat.refusing = NoReply("the line is dead")
        assert "the cell may be ON" in bench.tell("resume")
        bench.potentiostat.refusing = None
        bench.step()
        assert bench.state is ProgrammeState.STOPPED
    bench.resume()
    assert bench.potentiostat.started[-1][0].steps[0].longest == pytest.approx(3580.0)
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    assert bench.values("charge")[-1] == pytest.approx(2.1 / 3600)
    assert bench.samples[-1]["charge"].quality == 1  # what the lost start may have let pass is not known


def test_a_script_that_runs_unacknowledged_is_ended_and_its_charge_is_counted(tmp_path: Path) -> None:
    day = Day(tmp_path, programme(passes=1))
    write = day.bench.write

    def unheard(data: bytes) -> None:
        write(data)
        day.bench._incoming = day.bench._incoming.replace(b"e\n", b"", 1)

    day.bench.write = unheard  # type: ignore[method-assign]
    change = Change("start", done=Future())
    day.runner.tell(change)
    day.runner.step(POLL)
    assert change.done is not None
    assert "the cell may be ON" in change.done.result(0)
    assert day.cell.done[-1][1] != "open"
    day.bench.write = write  # type: ignore[method-assign]
    day.run(POLL)
    assert day.cell.done[-1][1] == "open"
    assert day.runner.state is ProgrammeState.STOPPED
    assert day.cell.passed > 0
    day.tell("resume")
    history = day.finish()
    (first, *_) = history.steps(0, 2**62)
    assert first.how == "its start was not acknowledged"
    charge = history.last("charge")
    assert charge is not None
    assert charge.value == pytest.approx(day.cell.passed, rel=2e-3)
    history.close()


def test_an_output_that_was_switched_on_unheard_is_found_and_switched_off() -> None:
    bench = SourceMeterBench(Capacitor(voltage=3.0, farad=1e-3, ohm=500.0))
    assert bench.driver.poll() == []
    write = bench.write

    def unheard(data: bytes) -> None:
        write(data)
        if b":OUTP ON" in data:
            bench._under_way.clear()

    bench.write = unheard  # type: ignore[method-assign]
    with pytest.raises(NoReply, match="OUTP ON"):
        bench.driver.start(written(CHARGE))
    assert bench.instrument.connected
    with pytest.raises(InstrumentRefused, match="found on, and for what is not known; it is off now"):
        bench.driver.poll()
    assert bench.cell.state == "open"
    bench.write = write  # type: ignore[method-assign]
    bench.run(written(CHARGE))
    assert bench.driver.ended() is not None
