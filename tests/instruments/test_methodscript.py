"""Cell programmes as MethodSCRIPT, with their limits inside; packets as the manual writes them."""

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wire.golden_programme import PROGRAMME
from wire.transcript import exchange

from operando.errors import BadReply, RequestRefused
from operando.instruments import compile_cycling
from operando.instruments.methodscript import LONGEST_LINE, number
from operando.instruments.packets import packet, variable
from operando.vocabulary import ConstantCurrentCycling


def test_the_script_is_the_golden_one() -> None:
    sent = exchange("emstat4", "start the programme").sent
    assert b"e\n" + compile_cycling(PROGRAMME).encode("ascii") + b"\n" == sent


def test_every_limit_is_inside_the_script() -> None:
    lines = compile_cycling(dataclasses.replace(PROGRAMME, cycles=3, step_time_limit=7200.0)).splitlines()
    assert "if potential >= 3680m" in lines  # 4.3 V vs Li/Li+ on a Li-In cell
    assert "if potential <= 2180m" in lines
    assert "meas_loop_cp potential current 196u 100m 7200040m" in lines
    assert "meas_loop_cp potential current -196u 100m 7200040m" in lines
    assert lines.count("if samples >= 72000i") == 2
    assert "loop pass1 < 3i" in lines
    assert lines[lines.index("on_finished:") + 1] == "cell_off"


def test_charge_comes_before_discharge() -> None:
    lines = compile_cycling(PROGRAMME).splitlines()
    loops = [line for line in lines if line.startswith("meas_loop_cp")]
    assert [line.split()[3] for line in loops] == ["196u", "-196u"]


@pytest.mark.parametrize(
    ("current", "range_"),
    [(50e-9, "100n"), (1e-6, "1u"), (196e-6, "1m"), (1.01e-3, "10m"), (0.049, "100m"), (0.1, "100m")],
)
def test_the_current_range_is_the_smallest_that_holds_the_current(current: float, range_: str) -> None:
    script = compile_cycling(dataclasses.replace(PROGRAMME, charge_current=current))
    assert next(line for line in script.splitlines() if line.startswith("set_range db")) == f"set_range db {range_}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"charge_current": 0.2}, r"0.2 A was asked for, the limit is 0.1 A"),
        ({"discharge_current": 0.0}, "not both positive"),
        ({"charge_current": math.nan}, "not both positive"),
        ({"upper_cutoff": 2.0}, "not in order"),
        ({"upper_cutoff": 7.0}, r"7 V was asked for, the limit is 6 V"),
        ({"lower_cutoff": math.nan}, "not in order"),
        ({"cycles": 0}, "0 passes of a loop are less than one"),
        ({"sample_interval": 0.0}, "sample interval"),
        ({"step_time_limit": 1e12}, "too large"),
    ],
)
def test_a_programme_the_instrument_cannot_do_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(RequestRefused, match=rf"{reason}.*nothing was started"):
        compile_cycling(dataclasses.replace(PROGRAMME, **change))


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
    programme = ConstantCurrentCycling(current, current, cutoffs[1], cutoffs[0], cycles, 36000.0, interval)
    script = compile_cycling(programme)
    assert script.isascii()
    assert script.endswith("\n")
    assert all(0 < len(line) <= LONGEST_LINE for line in script[:-1].split("\n"))


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
