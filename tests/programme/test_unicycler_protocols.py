"""Protocols of aurora-unicycler are read and written, and what they cannot say is said."""

import json
from pathlib import Path
from typing import Any

import pytest
from aurora_unicycler import CyclingProtocol
from programme.generated import FACTS

import operando.configs
from operando.config.programme import compile_programme, load_programme, validated
from operando.config.programme.to_unicycler import to_unicycler
from operando.config.programme.unicycler import from_unicycler
from operando.errors import ConfigurationError
from operando.vocabulary import CellProgramme, ConstantCurrent, ConstantVoltage, Limit, Loop, PotentialScale

PROGRAMMES = Path(operando.configs.__file__).parent / "programmes"
FORMATION = {
    "record": {"time_s": 10, "voltage_V": 0.01},
    "sample": {"name": "cell 1", "capacity_mAh": 2.0},
    "safety": {"max_voltage_V": 4.5, "min_voltage_V": 2.5, "max_current_mA": 5, "min_current_mA": -5, "delay_s": 10},
    "method": [
        {"step": "open_circuit_voltage", "until_time_s": 3600},
        {"step": "tag", "tag": "formation"},
        {"step": "constant_current", "rate_C": "C/10", "until_voltage_V": 4.2, "until_time_s": 43200},
        {"step": "constant_voltage", "voltage_V": 4.2, "until_rate_C": 0.05, "until_time_s": 3600},
        {"step": "constant_current", "rate_C": "D/10", "until_voltage_V": 3.0, "until_time_s": 43200},
        {"step": "loop", "loop_to": "formation", "cycle_count": 3},
    ],
}


def read(protocol: dict[str, Any], scale: PotentialScale = PotentialScale.LITHIUM) -> tuple[CellProgramme, list[str]]:
    written, notes = from_unicycler(json.dumps(protocol), scale=scale, step_time_limit=36000.0, file="formation.json")
    return compile_programme(validated(written, "formation.json"), FACTS), notes


def test_a_formation_is_read_on_the_scale_that_is_said() -> None:
    programme, notes = read(FORMATION)
    rest, loop = programme.parts
    assert isinstance(loop, Loop)
    assert loop.passes == 3
    assert loop.cycles
    charge, hold, discharge = loop.parts
    assert isinstance(charge, ConstantCurrent)
    assert isinstance(hold, ConstantVoltage)
    assert isinstance(discharge, ConstantCurrent)
    assert rest.longest == 3600.0  # type: ignore[union-attr]
    assert (charge.current, discharge.current) == pytest.approx((2e-4, -2e-4))  # C/10 of the protocol's own 2 mA h
    assert hold.voltage == pytest.approx(4.2 - 0.62)
    assert {end.limit: end.value for end in hold.ends} == {Limit.CURRENT: pytest.approx(1e-4), Limit.TIME: 3600.0}
    assert programme.safety.upper_voltage == pytest.approx(4.5 - 0.62)
    assert programme.safety.delay == 10.0
    assert notes == ["record.voltage_V = 0.01 V: left out; samples are taken at equal times"]


def test_what_it_cannot_know_is_asked_for() -> None:
    with pytest.raises(ConfigurationError, match=r"method 1 \(constant_voltage\): no current before it"):
        read(FORMATION | {"method": [{"step": "constant_voltage", "voltage_V": 4.2, "until_time_s": 3600}]})
    with pytest.raises(ConfigurationError, match="not a protocol of aurora-unicycler"):
        read(FORMATION | {"method": []})


def test_loops_that_cross_are_refused() -> None:
    step = {"step": "open_circuit_voltage", "until_time_s": 60}
    method = [step, step, {"step": "loop", "loop_to": 1, "cycle_count": 2}, step]
    with pytest.raises(ConfigurationError, match=r"method 5 \(loop\): goes back into another loop"):
        read(FORMATION | {"method": [*method, {"step": "loop", "loop_to": 2, "cycle_count": 2}]})
    programme, _ = read(FORMATION | {"method": [*method, {"step": "loop", "loop_to": 1, "cycle_count": 4}]})
    (outer,) = programme.parts
    assert isinstance(outer, Loop)
    assert [getattr(part, "passes", 0) for part in outer.parts] == [2, 0]


def test_what_is_written_is_read_as_the_same() -> None:
    programme = compile_programme(load_programme(PROGRAMMES / "nmc811_cc_cv_eis.toml"), FACTS)
    text = to_unicycler(programme, scale=PotentialScale.LITHIUM)
    again, notes = read(json.loads(text))
    assert notes == []
    for was, step in zip(programme.steps, again.steps, strict=True):
        assert (step.number, step.name, step.kind, step.sample_interval) == (was.number, was.name, was.kind, 0.5)
        assert [(end.limit, end.below, pytest.approx(end.value)) for end in was.ends] == [
            (end.limit, end.below, end.value) for end in step.ends
        ]
    assert again.safety.upper_voltage == pytest.approx(programme.safety.upper_voltage)


def test_others_understand_what_is_written() -> None:
    programme = compile_programme(load_programme(PROGRAMMES / "nmc811_c4.toml"), FACTS)
    protocol = CyclingProtocol.from_dict(json.loads(to_unicycler(programme)))
    assert [round(step.current_mA, 6) for step in protocol.method if step.step == "constant_current"] == [
        0.19635,
        -0.19635,
    ]
    first, second = protocol.to_pybamm_experiment()
    assert first.startswith("Charge at 0.19635 mA for 10 hours or until 3.6")
    assert second.startswith("Discharge at 0.19635 mA for 10 hours or until 2.1")


def test_what_a_protocol_has_no_word_for_is_refused_by_step_and_field() -> None:
    programme = compile_programme(load_programme(PROGRAMMES / "lco_12_mA_per_g_45C.toml"), FACTS)
    with pytest.raises(ConfigurationError, match=r"step 1 \(until it is warm\) until_temperature"):
        to_unicycler(programme)
