"""Safety, current limits and ends that come too late, in the simulated instrument and virtual time."""

from dataclasses import replace

import pytest
from instruments.steps_to_run import CHARGE, HOLD, MAP, RAMP, REST, SPECTRUM, TIME, bench
from instruments.virtual_bench import ends, programme, samples

from operando.instruments import StepEnd
from operando.vocabulary import ConstantCurrent, ConstantVoltage, End, Impedance, Limit, Loop, Rest, Safety, VoltageRamp


def test_safety_opens_the_cell_once_it_has_lasted_longer_than_its_delay() -> None:
    rig = bench(volts=3.4)
    onwards = replace(CHARGE, ends=(End(TIME, 60.0),))
    said = rig.run(programme(onwards, REST, safety=Safety(upper_voltage=3.6, delay=1.0)))
    (end,) = ends(said)
    assert "upper voltage" in end.safety
    exceeded = 0.19 / 0.1  # s: 3.41 V as soon as current flows, 0.1 V/s
    assert end.elapsed == pytest.approx(exceeded + 1.0, abs=0.21)
    ended = rig.driver.ended()
    assert ended is not None
    assert not ended.finished
    assert rig.cell.state == "open"


def test_a_limit_that_is_exceeded_for_a_shorter_time_ends_nothing() -> None:
    pulse = replace(CHARGE, ends=(End(TIME, 0.5),), sample_interval=0.1, current=1e-4)
    said = bench(3.59).run(programme(Loop(3, (pulse, replace(pulse, current=-1e-4))), safety=Safety(3.6, delay=1.0)))
    assert max(each.voltage for each in samples(said)) > 3.6
    assert [each.safety for each in ends(said)] == [""] * 6


@pytest.mark.parametrize(
    ("safety", "says"),
    [
        (Safety(lower_voltage=3.2), "lower voltage"),
        (Safety(current=5e-5), "current"),
        (Safety(charge=1e-8), "charge"),
    ],
)
def test_every_safety_limit_is_kept_and_named(safety: Safety, says: str) -> None:
    hold = replace(HOLD, number=1, voltage=3.45, ends=(End(TIME, 5.0),), current_limit=1e-2)
    rig = bench(volts=3.4)
    said = rig.run(programme(hold, replace(hold, number=2, voltage=3.3 if safety.lower_voltage is None else 3.25)))
    assert len(ends(said)) == 2  # without it, nothing happens
    rig = bench(volts=3.1 if safety.lower_voltage else 3.4)
    charge = replace(CHARGE, number=1, current=1e-5) if safety.lower_voltage else hold
    (end,) = ends(rig.run(programme(charge, safety=safety)))
    assert says in end.safety


@pytest.mark.parametrize("step", [SPECTRUM, RAMP])
def test_an_open_circuit_beyond_the_safety_limits_is_not_imposed(step: Impedance | VoltageRamp) -> None:
    """As where a lead has come off: what an open input shows is no potential of a cell."""
    rig = bench(volts=0.1)
    (end,) = ends(rig.run(programme(step, REST, safety=Safety(lower_voltage=2.0, delay=10.0))))
    assert "lower voltage" in end.safety
    ended = rig.driver.ended()
    assert ended is not None
    assert not ended.finished
    assert rig.cell.passed == 0.0


def test_the_charge_of_all_safety_counts_every_step() -> None:
    there = replace(CHARGE, ends=(End(TIME, 1.0),))
    said = bench().run(programme(Loop(10, (there,)), safety=Safety(charge=3.5e-4 / 3600)))
    assert [bool(each.safety) for each in ends(said)] == [False] * 3 + [True]


@pytest.mark.parametrize("step", [SPECTRUM, RAMP])
def test_an_open_circuit_that_the_host_interrupts_is_measured_again(step: Impedance | VoltageRamp) -> None:
    """Else a potential that was never measured would be imposed: 0 V."""
    rig = bench(volts=3.2)
    rig.driver.start(programme(replace(step, ends=(End(TIME, 20.0),))))
    rig.go_on(lambda: rig.now >= 0.05, poll=0.01)
    rig.driver.end_step()
    lowest = rig.cell.voltage
    while rig.driver.running():
        rig.pass_time(0.01)
        rig.driver.poll()
        lowest = min(lowest, rig.cell.voltage)
    assert lowest > 2.99


@pytest.mark.parametrize("step", [REST, CHARGE, HOLD])
def test_an_end_that_is_told_too_late_ends_nothing(step: Rest | ConstantCurrent | ConstantVoltage) -> None:
    """The host saw a rest that waits for it; before ``Y`` came, the rest had ended by its time."""

    def run(tells: bool) -> tuple[StepEnd, float]:
        rig = bench(volts=3.67)
        step_ = replace(step, ends=(End(TIME, 3.0),))
        rig.driver.start(programme(replace(MAP, ends=(End(Limit.MEASUREMENT), End(TIME, 2.0))), step_))
        rig.pass_time(2.25)
        if tells:
            rig.tell(b"Y\n")
        _, end = ends(rig.go_on(lambda: not rig.driver.running()))
        return end, rig.cell.passed

    (end, passed), (undisturbed, also) = run(True), run(False)
    assert end.end == undisturbed.end == End(TIME, 3.0)
    assert passed == pytest.approx(also, rel=0.05, abs=1e-12)
    # the converter begins a new mean where the loop began anew
    assert end.step_charge == pytest.approx(passed, rel=0.03, abs=1e-12)


def test_a_voltage_that_draws_more_than_its_step_allows_ends_the_programme() -> None:
    rig = bench(volts=3.0, farad=10.0, ohm=10.0)
    hold = replace(HOLD, voltage=3.1, current_limit=2e-3)  # 10 mA flow
    (end,) = ends(rig.run(programme(hold, REST)))
    assert "current limit of its step" in end.safety
    assert end.elapsed == pytest.approx(1.0, abs=0.21)
    assert rig.cell.state == "open"


def test_an_inrush_current_is_allowed() -> None:
    hold = replace(HOLD, voltage=3.1, current_limit=5e-4)  # 1 mA at first, for a tenth of a second
    (end,) = ends(bench(volts=3.0).run(programme(hold)))
    assert end.end == HOLD.ends[0]


def test_steps_shorter_than_the_delay_hide_nothing() -> None:
    pulse = replace(CHARGE, ends=(End(TIME, 0.5),))
    rig = bench(volts=3.5)
    said = rig.run(programme(Loop(40, (pulse,)), safety=Safety(upper_voltage=3.6, delay=2.0)))
    assert "upper voltage" in ends(said)[-1].safety
    assert rig.cell.voltage < 3.6 + 0.1 * 2.6


def test_a_spectrum_with_a_bias_keeps_the_safety_limits() -> None:
    rig = bench(volts=3.5)
    spectrum = replace(SPECTRUM, galvanostatic=True, amplitude=1e-5, bias=1e-4, low_frequency=1.0)
    (end,) = ends(rig.run(programme(Loop(5, (spectrum,)), safety=Safety(upper_voltage=3.6))))
    assert "upper voltage" in end.safety
    assert rig.cell.voltage < 3.6 + 0.1 * 3.1  # a point at 1 Hz takes three seconds
    assert end.step_charge == pytest.approx(rig.cell.passed, rel=1e-3)
