"""Cell programmes as MethodSCRIPT, with their limits inside; packets as the manual writes them."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wire.golden_programme import PROGRAMME, TIME, UPPER, cycling
from wire.transcript import exchange

from operando.errors import BadReply, RequestRefused
from operando.instruments.methodscript import NEXUS, compile_programme
from operando.instruments.methodscript.capabilities import LONGEST_LINE
from operando.instruments.methodscript.numbers import number
from operando.instruments.packets import packet, variable
from operando.vocabulary import (
    CellProgramme,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Position,
    Rest,
    Safety,
    Step,
    VoltageRamp,
)

HOLD = ConstantVoltage(
    number=1, name="hold", ends=(End(Limit.TIME, 60.0),), sample_interval=1.0, voltage=3.68, current_limit=1e-3
)
RAMP = VoltageRamp(
    number=1,
    name="ramp",
    ends=(End(Limit.TIME, 60.0),),
    sample_interval=1.0,
    begin=2.8,
    end=3.0,
    rate=0.01,
    current_limit=1e-3,
)
SPECTRUM = Impedance(
    number=1,
    name="spectrum",
    ends=(End(Limit.TIME, 60.0),),
    sample_interval=1.0,
    galvanostatic=False,
    amplitude=0.01,
    bias=None,
    high_frequency=1e5,
    low_frequency=1.0,
    points_per_decade=10,
    current_limit=1e-2,
)


def script(*parts: Step | Loop, safety: Safety | None = None, at: Position | None = None) -> list[str]:
    programme = CellProgramme("test", parts, safety or Safety(), "", "", 0.62)
    return compile_programme(programme, at or Position()).splitlines()


def test_the_script_is_the_golden_one() -> None:
    sent = exchange("emstat4", "start the programme").sent
    assert b"e\n" + compile_programme(PROGRAMME, Position()).encode("ascii") + b"\n" == sent


def test_every_limit_is_inside_the_script() -> None:
    lines = script(*cycling(passes=3).parts)
    assert "if potential >= 3680m" in lines  # 4.3 V vs Li/Li+ on a Li-In cell
    assert "if potential <= 2180m" in lines
    assert "meas_loop_cp potential current 196u 100m 36000040m" in lines
    assert "meas_loop_cp potential current -196u 100m 36000040m" in lines
    assert lines.count("if samples >= 360000i") == 2
    assert "loop pass1 < 3i" in lines
    assert lines[lines.index("on_finished:") + 1] == "cell_off"


def test_safety_is_inside_every_step_and_opens_the_cell_at_once() -> None:
    safety = Safety(upper_voltage=3.75, lower_voltage=2.1, current=1e-3, charge=1e-3, delay=1.0)
    lines = script(*PROGRAMME.parts, safety=safety)
    for limit in ("potential > 3750m", "potential < 2100m", "current > 1m", "current < -1m", "beyond > 1"):
        assert lines.count(f"if {limit}") == 2
    tripped = [index for index, line in enumerate(lines) if line == "if ended >= 91i"]
    assert len(tripped) == 2
    assert all(lines[index + 1 : index + 3] == ["cell_off", "abort"] for index in tripped)


def test_techniques_are_written_as_the_manufacturers_examples_write_them() -> None:
    """github.com/PalmSens/MethodSCRIPT_Examples, MSLoopExample001, 008, 011, 012 and 013."""
    loops = [line for line in script(HOLD, RAMP, SPECTRUM) if line.startswith("meas_loop")]
    assert loops == [
        "meas_loop_ca potential current 3680m 100m 60040m",
        "meas_loop_lsv potential current 2800m 3 1m 10m",
        "meas_loop_ocp potential 100m 100m",  # for the spectrum's bias
        "meas_loop_eis frequency real imaginary 10m 100000 1 51i potential",
    ]
    galvanostatic = replace(SPECTRUM, galvanostatic=True, amplitude=1e-3)
    assert "meas_loop_geis frequency real imaginary 1m 100000 1 51i 0" in script(galvanostatic)


def test_the_cell_is_off_before_its_open_circuit_is_measured_and_while_the_mode_changes() -> None:
    rest = Rest(number=1, name="rest", ends=(End(Limit.TIME, 10.0),), sample_interval=1.0)
    on = False
    mode = ""
    for line in script(Loop(2, (HOLD, rest, *PROGRAMME.parts, SPECTRUM, RAMP))):
        on = line == "cell_on" or (on and line != "cell_off")
        assert not (on and line.startswith("meas_loop_ocp"))
        if line.startswith("set_pgstat_mode"):
            assert not on or line == mode
            mode = line
        assert not (line.startswith("meas_loop") and "ocp" not in line and not on)


def test_a_nexus_does_what_an_emstat_cannot() -> None:
    programme = cycling(current=0.5, ends=(End(Limit.VOLTAGE, 8.0), TIME))
    lines = compile_programme(programme, Position(), NEXUS).splitlines()
    assert "set_range db 1" in lines
    assert "if potential >= 8" in lines
    with pytest.raises(RequestRefused, match="EmStat4 HR"):
        compile_programme(programme, Position())


def test_counters_begin_where_the_programme_stood() -> None:
    lines = script(*PROGRAMME.parts, at=Position(cycle=7, run=31))
    assert "store_var cycle 7i ja" in lines
    assert "store_var run 31i jc" in lines


@pytest.mark.parametrize(
    ("current", "range_"),
    [(50e-9, "100n"), (1e-6, "1u"), (196e-6, "1m"), (1.01e-3, "10m"), (0.049, "100m"), (0.1, "100m")],
)
def test_the_current_range_is_the_smallest_that_holds_the_current(current: float, range_: str) -> None:
    lines = script(*cycling(current=current).parts)
    assert next(line for line in lines if line.startswith("set_range db")) == f"set_range db {range_}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"current": 0.2}, "0.2 A was asked for, the limit is 0.1 A"),
        ({"current": 0.0}, "a current of 0 A is a rest"),
        ({"current": math.nan}, "current = nan is no number"),
        ({"ends": (End(Limit.VOLTAGE, 7.0), TIME)}, "7 V was asked for, the limit is 6 V"),
        ({"ends": (End(Limit.VOLTAGE, math.nan), TIME)}, "the end at a voltage of nan is no number"),
        ({"ends": (UPPER,)}, "a step has one time after which it ends"),
        ({"ends": (TIME, TIME)}, "a step has one time after which it ends"),
        ({"ends": (UPPER, End(Limit.TIME, 0.0))}, "above 0 s"),
        ({"ends": (End(Limit.CHARGE, -1e-3), TIME)}, "is meant without its sign"),
        ({"ends": (End(Limit.CHARGE, 1e-13), TIME)}, "smaller than what can be measured"),
        ({"ends": (UPPER, End(Limit.TIME, 1e12))}, r"up to 30 days; 1e\+12 s was given"),
        ({"sample_interval": 0.0}, "sample interval"),
    ],
)
def test_a_step_the_instrument_cannot_do_is_refused_by_name(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(RequestRefused, match=f"{reason}.*nothing was started") as caught:
        compile_programme(cycling(**change), Position())
    assert "step 1 ('charge')" in str(caught.value)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (replace(HOLD, voltage=6.1), "6.1 V was asked for, the limit is 6 V"),
        (replace(HOLD, current_limit=0.0), "a current limit of 0 A is not above 0"),
        (replace(RAMP, begin=3.0), "a ramp from 3 V to where it begins"),
        (replace(RAMP, rate=0.0), "a rate of 0 V/s is not above 0 and up to 300 V/s"),
        (replace(SPECTRUM, high_frequency=1e6), "not in order within 1e-05 to 200000 Hz"),
        (replace(SPECTRUM, low_frequency=2e5), "not in order"),
        (replace(SPECTRUM, points_per_decade=0), "0 points a decade make no spectrum"),
        (replace(SPECTRUM, amplitude=1.0), "an amplitude of 1 V is not between 0 and 0.25 V"),
        (
            replace(SPECTRUM, galvanostatic=True, amplitude=1e-4, bias=1e-3, low_frequency=1e-3),
            "nobody looks at the voltage for 3000 s, 30 s are allowed",
        ),
        (replace(SPECTRUM, bias=5.99), "bias and amplitude: 6.00414 V was asked for"),
        (replace(SPECTRUM, ends=(UPPER, End(Limit.TIME, 60.0))), "an end at a voltage: a spectrum measures none"),
        (Loop(0, (HOLD,)), "0 passes of a loop are less than one"),
        (Loop(1, ()), "without a step"),
    ],
)
def test_what_makes_no_sense_is_refused(step: Step | Loop, reason: str) -> None:
    with pytest.raises(RequestRefused, match=f"{reason}.*nothing was started"):
        script(step)


@pytest.mark.parametrize(
    ("step", "safety", "reason"),
    [
        (HOLD, Safety(upper_voltage=3.6), "3.68 V is above the safety limit of 3.6 V"),
        (RAMP, Safety(lower_voltage=2.9), "2.8 V is below the safety limit of 2.9 V"),
        (replace(SPECTRUM, bias=3.6), Safety(upper_voltage=3.61), "3.61414 V is above the safety limit"),
        (cycling().parts[0], Safety(current=1e-4), "0.000196 A is above the safety limit of 0.0001 A"),
        (HOLD, Safety(upper_voltage=3.0, lower_voltage=3.5), "not below the upper one"),
        (HOLD, Safety(delay=-1.0), "a delay of -1 s is below 0"),
    ],
)
def test_a_step_beyond_its_own_safety_is_refused(step: Step | Loop, safety: Safety, reason: str) -> None:
    with pytest.raises(RequestRefused, match=f"{reason}.*nothing was started"):
        script(step, safety=safety)


def value_of(text: str) -> float:
    scales = {"m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
    return int(text[:-1]) * scales[text[-1]] if text[-1] in scales else float(int(text))


@settings(deadline=None)
@given(st.floats(1e-9, 1e5), st.sampled_from([1, -1]))
@example(0.0001574335284134997, 1)
def test_a_number_keeps_its_value_to_four_parts_in_a_million(magnitude: float, sign: int) -> None:
    assert value_of(number(sign * magnitude)) == pytest.approx(sign * magnitude, rel=4e-6, abs=1e-12)


@settings(deadline=None)
@given(
    current=st.floats(1e-8, 0.1),
    cutoffs=st.tuples(st.floats(-6, 6), st.floats(-6, 6)).filter(lambda pair: pair[0] < pair[1]),
    cycles=st.integers(1, 10_000),
    interval=st.floats(0.05, 60.0),
)
def test_no_line_is_empty_or_too_long(
    current: float, cutoffs: tuple[float, float], cycles: int, interval: float
) -> None:
    upper, lower = (End(Limit.VOLTAGE, cutoffs[1]), End(Limit.VOLTAGE, cutoffs[0], below=True))
    programme = cycling(cycles, current=current, ends=(upper, lower, TIME), sample_interval=interval)
    text = compile_programme(programme, Position())
    assert text.isascii()
    assert text.endswith("\n")
    assert all(0 < len(line) <= LONGEST_LINE for line in text[:-1].split("\n"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # MethodSCRIPT manual v1.8, "Measurement data packages", and PalmSens/MethodSCRIPT_Examples
        ("ab800000Am", 0.01),
        ("ab7FFFFF6m", -0.01),
        ("da7F85F3Fu", -0.499905),
        ("ba48D503Dp", -57.847747e-6),
        ("ja8000003i", 3.0),
        ("dc800000Ak", 10_000.0),
        ("eb8000005 ", 5.0),
    ],
)
def test_values_are_those_of_the_manual(text: str, value: float) -> None:
    assert variable(text).value == pytest.approx(value, rel=1e-12)


def test_metadata_are_status_and_range() -> None:
    current = packet("Pda7F85F3Fu;ba48D503Dp,10,288")["ba"]
    assert (current.status, current.range) == (0, 0x88)
    assert variable("ba48D503Dp,12,215").status == 2


def test_the_instruments_nan_is_not_a_number() -> None:
    assert math.isnan(variable("ab     nan").value)
    assert variable("ab     nan,14,205").status == 4


@pytest.mark.parametrize(
    "line",
    [
        "",
        "P",
        "Pab800000A",
        "Pab80000Am",
        "PAB800000Am",
        "Pab800000Ax",
        "ab800000Am",
        "Pab800000Am;",
        "Pab800000Am;ab800000Am",
    ],
)
def test_what_is_no_packet_is_refused(line: str) -> None:
    with pytest.raises(BadReply, match="MethodSCRIPT"):
        packet(line)


@settings(deadline=None)
@given(st.integers(-(1 << 27), (1 << 27) - 1), st.sampled_from(list("fpnum k")))
def test_every_value_the_instrument_can_say_is_read(whole: int, prefix: str) -> None:
    exponent = {"f": -15, "p": -12, "n": -9, "u": -6, "m": -3, " ": 0, "k": 3}[prefix]
    assert variable(f"ab{whole + (1 << 27):07X}{prefix}").value == float(f"{whole}e{exponent}")
