"""What an author writes, and what the instrument is told: A, V between the terminals, and an end in time."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from programme.generated import FACTS
from programme.nonsense import CHARGE, DISCHARGE, HOLD, NONSENSE, SPECTRUM, potential

import operando.configs
from operando.config.programme import (
    INSTRUMENTS,
    CellFacts,
    Facts,
    as_text,
    compile_programme,
    hastened,
    load_programme,
    parse_programme,
    potentials,
    programme_doubts,
    table,
    validated,
    voltage_range,
)
from operando.config.programme.schema import schema_text
from operando.errors import ConfigurationError
from operando.vocabulary import CellProgramme, ConstantCurrent, ConstantVoltage, Limit, Loop, Rest

PROGRAMMES = sorted((Path(operando.configs.__file__).parent / "programmes").glob("*.toml"))
SCHEMA = Path(__file__).parents[2] / "docs/reference/cell-programme.schema.json"


def compiled(*steps: dict[str, Any], facts: Facts = FACTS, **keys: Any) -> CellProgramme:
    return compile_programme(
        validated({"name": "test", "step_time_limit_s": 60.0, "steps": list(steps), **keys}, ""), facts
    )


def complaint(*steps: dict[str, Any], **keys: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        compiled(*steps, **keys)
    return str(caught.value)


def test_a_potential_against_lithium_is_lower_at_the_terminals() -> None:
    charge, discharge = compiled(
        CHARGE | {"until_voltage_above": {"value_V": 4.3, "scale": "Li/Li+"}},
        DISCHARGE | {"until_voltage_below": {"value_V": 2.18, "scale": "cell"}},
    ).steps
    assert charge.ends[0].value == pytest.approx(3.68)
    assert discharge.ends[0].value == pytest.approx(2.18)


def test_a_number_without_its_scale_is_refused_by_step_and_field() -> None:
    said = complaint(
        {"kind": "rest", "until_time_s": 5.0}, CHARGE | {"name": "first charge", "until_voltage_above": 4.3}
    )
    assert said.endswith(
        "step 2 (first charge) until_voltage_above: 4.3 V has no scale; "
        '{ value_V = 4.3, scale = "Li/Li+" } or { value_V = 4.3, scale = "cell" } (between the terminals) is wanted'
    )


@pytest.mark.parametrize(
    ("written", "amperes"),
    [
        ({"current_A": 196e-6}, 196e-6),
        ({"current_mA_per_g": 25.0}, 25.0 * 3.927e-6),
        ({"current_C_rate": "C/4"}, 0.7854e-3 / 4),
        ({"current_C_rate": "0.5C"}, 0.7854e-3 / 2),
        ({"current_C_rate": "2C/3"}, 0.7854e-3 * 2 / 3),
        ({"current_C_rate": 0.1}, 0.7854e-4),
    ],
)
def test_a_current_may_be_written_in_three_ways(written: dict[str, Any], amperes: float) -> None:
    step = {key: value for key, value in CHARGE.items() if key != "current_A"} | written
    (charge,) = compiled(step).steps
    assert isinstance(charge, ConstantCurrent)
    assert charge.current == pytest.approx(amperes)


@pytest.mark.parametrize("rate", ["C/0", "C4", "4", "-D/2", "CC", "C/-2", ""])
def test_no_other_text_is_a_c_rate(rate: str) -> None:
    assert "is no C-rate" in complaint({"kind": "constant_current", "current_C_rate": rate, "until_time_s": 5.0})


@pytest.mark.parametrize(
    ("written", "says"),
    [({"current_C_rate": 1.0}, "[cell] nominal_capacity_mAh"), ({"current_mA_per_g": 1.0}, "[cell] active_mass_mg")],
)
def test_what_nobody_has_said_of_the_cell_is_asked_for(written: dict[str, Any], says: str) -> None:
    step = {key: value for key, value in CHARGE.items() if key != "current_A"} | written | {"name": "charge"}
    said = complaint(step, facts=Facts(CellFacts(0.62), INSTRUMENTS["emstat4"]))
    assert "step 1 (charge)" in said
    assert says in said


def test_a_current_with_a_hold_becomes_two_steps() -> None:
    current, hold = compiled(
        {
            "kind": "cc_cv",
            "name": "charge",
            "current_A": 1e-4,
            "voltage": potential(3.68, "Li/Li+"),
            "until_current_below_A": 2e-5,
        }
    ).steps
    assert isinstance(current, ConstantCurrent)
    assert isinstance(hold, ConstantVoltage)
    assert [(end.limit, end.value, end.below) for end in current.ends] == [
        (Limit.VOLTAGE, pytest.approx(3.68), False),
        (Limit.TIME, 60.0, False),
    ]
    assert [(end.limit, end.value, end.below) for end in hold.ends] == [
        (Limit.CURRENT, 2e-5, True),
        (Limit.TIME, 60.0, False),
    ]
    assert hold.voltage == pytest.approx(3.68)
    assert (current.name, hold.name) == ("charge, current", "charge, voltage")


def test_pulses_become_a_loop_that_counts_no_cycles() -> None:
    programme = compiled(
        {
            "kind": "gitt",
            "current_A": -1e-4,
            "pulses": 7,
            "pulse_time_s": 10.0,
            "rest_time_s": 20.0,
            "until_voltage_below": potential(2.18, "cell"),
        }
    )
    (loop,) = programme.parts
    assert isinstance(loop, Loop)
    assert (loop.passes, loop.cycles) == (7, False)
    pulse, rest = loop.parts
    assert isinstance(rest, Rest)
    assert (pulse.longest, rest.longest) == (10.0, 20.0)  # type: ignore[union-attr]
    assert [end.limit for end in pulse.ends] == [Limit.VOLTAGE, Limit.TIME]  # type: ignore[union-attr]


def test_the_outermost_loops_count_cycles_unless_one_says_otherwise() -> None:
    inner = {"kind": "loop", "passes": 2, "steps": [CHARGE, DISCHARGE]}
    (outer,) = compiled({"kind": "loop", "passes": 3, "steps": [inner]}).parts
    assert isinstance(outer, Loop)
    assert (outer.cycles, outer.parts[0].cycles) == (True, False)  # type: ignore[union-attr]
    (outer,) = compiled({"kind": "loop", "passes": 3, "steps": [inner | {"cycles": True}]}).parts
    assert isinstance(outer, Loop)
    assert (outer.cycles, outer.parts[0].cycles) == (False, True)  # type: ignore[union-attr]


@pytest.mark.parametrize("depth", [5, 400, 900, 5000])
def test_loops_in_loops_end_somewhere(depth: int) -> None:
    steps = '{"kind": "loop", "passes": 1, "steps": [' * depth + '{"kind": "rest", "until_time_s": 5}' + "]}" * depth
    with pytest.raises(ConfigurationError, match=r"lie in each other|depth exceeded|too deep"):
        compile_programme(parse_programme(f'{{"name": "deep", "step_time_limit_s": 60, "steps": [{steps}]}}'), FACTS)


def test_a_programme_that_does_not_fit_into_its_record_is_refused() -> None:
    said = complaint(*[{"kind": "rest", "until_time_s": 5.0}] * 1000)
    assert "steps: 1000 of them and the source make " in said


def test_steps_are_numbered_as_they_are_read() -> None:
    hold = {"kind": "cc_cv", "current_A": 1e-4, "voltage": potential(3.6, "cell"), "until_current_below_A": 1e-5}
    said = complaint({"kind": "loop", "passes": 2, "steps": [hold, {"kind": "rest", "name": "wait", "until_time": 1}]})
    assert "step 3 (wait) until_time = 1: unknown key; allowed: name, sample_interval_s, until_measurement" in said


@pytest.mark.parametrize(
    "end", [{"until_time_s": 5.0}, {"until_temperature_above_C": 45.0}, {"until_measurement": True}]
)
def test_every_step_has_an_end_in_time(end: dict[str, Any]) -> None:
    (rest,) = compiled({"kind": "rest", **end}).steps
    assert rest.longest == end.get("until_time_s", 60.0)


def test_safety_bounds_what_the_steps_may_ask() -> None:
    safety = {"upper_voltage": potential(3.6, "Li/Li+"), "lower_voltage": potential(2.0, "cell"), "delay_s": 2.0}
    assert "[safety] upper_voltage ends the programme at 4.220 V vs Li/Li+" in complaint(CHARGE, safety=safety)
    assert "[safety] current ends the programme" in complaint(CHARGE, safety={"current_A": 5e-5})
    assert "not below upper_voltage" in complaint(HOLD, safety=safety | {"lower_voltage": potential(3.7, "cell")})
    bounded = compiled({"kind": "constant_current", "current_A": 1e-4, "until_time_s": 5.0}, safety=safety)
    assert bounded.safety.upper_voltage == pytest.approx(3.6)
    assert bounded.safety.delay == 2.0


def test_a_spectrum_needs_an_instrument_that_measures_one() -> None:
    said = complaint(CHARGE, SPECTRUM, facts=Facts(FACTS.cell, INSTRUMENTS["keithley2400"]))
    assert "step 2 (eis) kind: keithley2400 does constant_current, constant_voltage, rest; not impedance" in said


def test_an_instrument_is_not_asked_for_more_samples_than_it_can_give() -> None:
    fast = {**CHARGE, "sample_interval_s": 0.1}
    said = complaint(fast, facts=Facts(FACTS.cell, INSTRUMENTS["keithley2400"]))
    assert "sample_interval_s = 0.1 s: keithley2400 needs 0.5 s" in said


def test_all_complaints_come_at_once() -> None:
    said = complaint(CHARGE | {"current_A": 0.2}, NONSENSE["a ramp to where it is"][0][0])
    assert [line.split("(")[0].strip() for line in said.splitlines()] == ["[programme] step 1", "[programme] step 2"]


@pytest.mark.parametrize("file", PROGRAMMES, ids=lambda file: file.stem)
def test_every_shipped_programme_compiles_also_for_a_faster_cell(file: Path) -> None:
    programme = load_programme(file)
    assert programme.hash == hashlib.sha256(file.read_bytes()).hexdigest()
    as_it_is = compile_programme(programme, FACTS)
    faster = compile_programme(validated(hastened(tomllib.loads(file.read_text()), 250.0, 0.2), ""), FACTS)
    for slow, fast in zip(as_it_is.steps, faster.steps, strict=True):
        assert fast.longest == pytest.approx(slow.longest / 250.0)
        if isinstance(slow, ConstantCurrent) and isinstance(fast, ConstantCurrent):
            assert fast.current == pytest.approx(250.0 * slow.current)
            assert slow.ends[0] == fast.ends[0]


def test_a_programme_is_its_own_source() -> None:
    text = PROGRAMMES[0].read_text()
    programme = compile_programme(load_programme(PROGRAMMES[0]), FACTS)
    assert programme.source == text
    in_json = json.dumps(tomllib.loads(text))
    again = compile_programme(parse_programme(in_json), FACTS)
    assert again.parts == programme.parts
    inline = compile_programme(validated(tomllib.loads(text), ""), FACTS)
    assert compile_programme(parse_programme(inline.source), FACTS).parts == programme.parts


def test_a_table_shows_each_potential_on_both_scales() -> None:
    programme = compile_programme(load_programme(next(it for it in PROGRAMMES if "cc_cv" in it.stem)), FACTS)
    rows = table(programme, FACTS.cell)
    assert (rows[0].does, rows[0].passes) == ("charge with 196.4 µA (50 mA/g, 0.25 C)", "3")
    assert rows[0].ends == "≥ 4.300 V vs Li/Li+ (3.680 V at the terminals) or 36000 s"
    assert rows[1].ends == "≤ 39.27 µA or 7200 s"
    stated = {(it.step, it.what): (it.at_terminals, it.against_lithium) for it in potentials(programme)}
    assert stated[2, "voltage"] == pytest.approx((3.68, 4.3))
    assert stated[0, "lower_voltage"] == pytest.approx((1.98, 2.6))
    assert voltage_range(programme) == pytest.approx((2.18, 3.68))
    assert len(as_text(rows).splitlines()) == 1 + len(rows)


def test_the_schema_on_the_shelf_is_that_of_the_language() -> None:
    assert SCHEMA.read_text() == schema_text(), "python -m operando.config.programme.schema writes it"
    validator = jsonschema.Draft202012Validator(json.loads(schema_text()))
    for file in PROGRAMMES:
        validator.validate(tomllib.loads(file.read_text()))
    wrong = [CHARGE | {"until_voltage_above": 4.3}, {"kind": "magic"}, CHARGE | {"current_C_rate": "fast"}]
    for step in wrong:
        assert not validator.is_valid({"name": "wrong", "step_time_limit_s": 60.0, "steps": [step]})


def test_the_programme_of_the_handbook_compiles() -> None:
    page = (SCHEMA.parents[1] / "how-to" / "write-a-programme.md").read_text()
    first = page.split("```toml\n")[1].split("```")[0]
    programme = compile_programme(parse_programme(first), FACTS)
    assert [step.name for step in programme.steps][:2] == ["until the cell is warm", "charge, current"]


def test_a_programme_must_fit_its_record() -> None:
    said = complaint(*[CHARGE, DISCHARGE] * 120)
    assert "steps: 240 of them and the source make" in said


def test_what_is_unlikely_is_doubted() -> None:
    safety = {"upper_voltage": potential(3.78, "Li/Li+"), "lower_voltage": potential(1.98, "cell")}
    assert list(programme_doubts(compiled(CHARGE, DISCHARGE, safety=safety))) == []
    (unbounded,) = programme_doubts(compiled(CHARGE, DISCHARGE, safety={"upper_voltage": potential(3.78, "cell")}))
    assert "[safety] lower_voltage missing" in unbounded
    mistyped = {"kind": "cc_cv", "current_A": -1e-4, "voltage": potential(3.68, "cell"), "until_current_below_A": 1e-5}
    (wrong,) = programme_doubts(compiled(mistyped, safety=safety))
    assert "step 1 (cc_cv, current) discharges to 4.300 V vs Li/Li+" in wrong
    high = {"kind": "constant_voltage", "voltage": potential(4.3, "cell"), "current_limit_A": 1e-3, "until_time_s": 5.0}
    _, scale = programme_doubts(compiled(high))
    assert "voltage = 4.920 V vs Li/Li+ (4.300 V at the terminals); is its scale meant?" in scale
    for file in PROGRAMMES:
        assert list(programme_doubts(compile_programme(load_programme(file), FACTS))) == []
