"""The amplifier is not trusted: what another has done to it ends all writing until somebody resets it."""

from concurrent.futures import Future
from dataclasses import replace
from itertools import pairwise

import pytest
from environment.small_rig import HEALTHY, PERIOD, SETTINGS, PressureBench, Rig

from operando.environment.axis import Change
from operando.vocabulary import AxisState, Mode, Request

SLEW_STEP = SETTINGS.limits.slew * PERIOD  # V


def knob(rig: Rig) -> None:
    rig.plant.drive += 2 * SLEW_STEP


def power_cycle(rig: Rig) -> None:
    rig.plant.drive = 0.0


def settings_lost(rig: Rig) -> None:
    rig.settings = "sr is 2000 %/ms"


def output_elsewhere(rig: Rig) -> None:
    rig.output = rig.plant.drive - 2.5 * SLEW_STEP


def own_loop(rig: Rig) -> None:
    rig.status = replace(HEALTHY, closed_loop=True)


def too_hot(rig: Rig) -> None:
    rig.status = replace(HEALTHY, over_temperature=True)


def unplugged(rig: Rig) -> None:
    rig.status = replace(HEALTHY, connected=False)


FOREIGN = [knob, power_cycle, settings_lost, output_elsewhere, own_loop]
FAULTS = [(fault, "amplifier_foreign") for fault in FOREIGN] + [
    (too_hot, "amplifier_over_temperature"),
    (unplugged, "amplifier_status"),
]


@pytest.mark.parametrize("mode", [Mode.CLOSED_LOOP, Mode.CONSTANT_VOLUME, Mode.MANUAL])
@pytest.mark.parametrize(("happens", "fact"), FAULTS, ids=[happens.__name__ for happens, _ in FAULTS])
def test_all_writing_ends_until_reset(mode: Mode, happens: object, fact: str) -> None:
    assert callable(happens)
    bench = PressureBench(previous_mode=mode)
    bench.run(3.0)
    assert not any(bench.now.facts.values())
    happens(bench.rig)
    found = bench.run(1.5)  # every question is asked within this time
    assert [name for name, holds in bench.now.facts.items() if holds] == [fact]
    assert any(axis.facts[fact] for axis in found)
    count, drive = len(bench.rig.written), bench.rig.plant.drive
    bench.loop.tell(Change("drive", 100.0, "1"))
    bench.loop.tell(Change("target", 90.0, "2"))
    bench.run(5.0, 0.01)
    assert (len(bench.rig.written), bench.now.state) == (count, AxisState.FAULT)
    assert fact in bench.loop.objection(Request("3", "ada", "mode", text="manual"))
    bench.rig.status, bench.rig.output = HEALTHY, None
    bench.loop.tell(Change("reset"))
    axes = bench.run(3.0)
    assert not any(bench.now.facts.values())
    assert bench.now.state is not AxisState.FAULT
    assert bench.now.mode is mode
    if mode is not Mode.CLOSED_LOOP:  # the closed loop goes on to its setpoint, at the slew limit
        assert bench.rig.plant.drive == drive
    assert max(abs(b.drive.value - a.drive.value) for a, b in pairwise(axes)) <= SLEW_STEP * 1.001
    assert not bench.loop.objection(Request("3", "ada", "mode", text="manual"))


def test_a_knob_turned_a_little_is_only_a_disturbance() -> None:
    bench = PressureBench()
    bench.run(3.0)
    bench.rig.plant.drive += 0.5 * SLEW_STEP
    bench.run(3.0)
    assert bench.now.state is AxisState.IDLE
    assert bench.now.readback.value == pytest.approx(84.0, abs=0.05)


def test_a_full_slew_is_not_called_foreign() -> None:
    bench = PressureBench(previous_mode=Mode.MANUAL)
    bench.run(1.0)
    for volts in (129.0, -19.0, 60.0):
        bench.loop.tell(Change("drive", volts, "1"))
        bench.run(3.0)
        assert bench.now.drive.value == volts
    assert not any(bench.now.facts.values())


def test_an_amplifier_that_was_switched_off_and_on_in_silence_is_foreign() -> None:
    bench = PressureBench()
    bench.run(3.0)
    bench.rig.deaf = True
    bench.run(3.0)
    bench.rig.plant.drive = 0.0
    bench.rig.deaf = False
    count = len(bench.rig.written)
    bench.run(3.0)
    assert len(bench.rig.written) == count
    assert bench.now.facts["amplifier_foreign"]
    assert bench.now.drive.value == 0.0


def test_a_reset_is_refused_while_the_fault_stands() -> None:
    bench = PressureBench()
    bench.run(1.0)
    bench.rig.status = replace(HEALTHY, over_temperature=True)
    bench.run(2.0)
    bench.loop.tell(Change("reset"))
    bench.run(1.0)
    assert bench.now.facts["amplifier_over_temperature"]
    assert any("not reset" in note for note in bench.notes)


def test_safe_prepares_a_foreign_amplifier_anew_and_releases_from_where_it_stands() -> None:
    bench = PressureBench()
    bench.run(3.0)
    bench.rig.plant.drive = 100.0
    bench.run(1.0)
    assert bench.now.facts["amplifier_foreign"]
    bench.rig.refusing = "NV200: cl is 1"
    bench.loop.tell(Change("safe"))
    bench.run(2.5)
    assert bench.rig.plant.drive == 100.0
    assert bench.now.state is AxisState.RAMPING
    count = len(bench.rig.written)
    bench.rig.refusing = ""
    bench.run(4.0)
    steps = [100.0, *bench.rig.written[count:]]
    assert max(a - b for a, b in pairwise(steps)) <= SLEW_STEP * 1.001
    assert (bench.rig.plant.drive, bench.now.state) == (SETTINGS.limits.low, AxisState.SAFE)


class SlewingRig(Rig):
    """An amplifier whose output follows its drive at its own slew limit, on a host that comes late."""

    def follow(self, seconds: float) -> None:
        reach = SETTINGS.limits.slew * seconds
        now = self.plant.drive if self.output is None else self.output
        self.output = now + min(max(self.plant.drive - now, -reach), reach)


@pytest.mark.parametrize("phase", range(12))  # the output is asked for every 12th step
def test_an_output_that_is_on_its_way_after_a_late_step_is_nobody_elses(phase: int) -> None:
    rig = SlewingRig()
    bench = PressureBench(rig)
    bench.run(3.0 + phase * PERIOD)
    rig.output = rig.plant.drive
    bench.loop.tell(Change("safe"))
    for dt in [0.05, 0.05, 0.3, 0.01, 0.01, *[0.05] * 15]:
        rig.follow(dt)
        rig.now_ns += round(dt * 1e9)
        bench.loop.step(dt)
    assert bench.now.state is AxisState.SAFE
    assert not any(bench.now.facts.values())


def test_a_reset_waits_until_the_output_stands_where_the_drive_is() -> None:
    bench = PressureBench()
    bench.run(3.0)
    output_elsewhere(bench.rig)
    bench.run(1.5)
    refused: Future[str] = Future()
    bench.loop.tell(Change("reset", done=refused))
    bench.run(0.5)
    assert "its output is" in refused.result(0)
    assert bench.now.state is AxisState.FAULT
    bench.rig.output = None
    taken: Future[str] = Future()
    bench.loop.tell(Change("reset", done=taken))
    bench.run(0.5)
    assert taken.result(0) == ""
    assert bench.now.state is not AxisState.FAULT
