"""Whatever an author writes is compiled, or refused in words; never anything in between.

The normal run takes 40 programmes of each kind, ``OPERANDO_FULL=1`` 10,000.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from programme.generated import FACTS, nonsensical, programmes, scrambled, sensible
from programme.nonsense import NONSENSE

from operando.config.programme import compile_programme, validated
from operando.errors import ConfigurationError
from operando.vocabulary import CellProgramme, ConstantCurrent, ConstantVoltage, Limit, VoltageRamp

COUNT = 10_000 if os.environ.get("OPERANDO_FULL") else 40
often = settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def compiled(written: dict[str, Any]) -> CellProgramme:
    return compile_programme(validated(written, "generated.toml"), FACTS)


@often
@given(sensible())
def test_what_makes_sense_compiles(written: dict[str, Any]) -> None:
    programme = compiled(written)
    assert [step.number for step in programme.steps] == list(range(1, len(programme.steps) + 1))


@pytest.mark.parametrize("wrong", sorted(NONSENSE))
def test_nonsense_is_refused_in_words(wrong: str) -> None:
    entries, says = NONSENSE[wrong]
    with pytest.raises(ConfigurationError) as caught:
        compiled({"name": "nonsense", "step_time_limit_s": 60.0, "steps": entries})
    assert says in str(caught.value)
    assert all(line.startswith("generated.toml: ") for line in str(caught.value).splitlines())


@often
@given(nonsensical())
def test_nonsense_is_found_in_whatever_it_hides(case: tuple[dict[str, Any], str]) -> None:
    written, says = case
    with pytest.raises(ConfigurationError) as caught:
        compiled(written)
    assert says in str(caught.value)


@often
@given(scrambled())
def test_whatever_stands_in_a_file_is_refused_in_words_or_runs(written: dict[str, Any]) -> None:
    said = ""
    try:
        compiled(written)
    except ConfigurationError as error:
        said = str(error)
    assert all(line.startswith("generated.toml: ") for line in said.splitlines())


@often
@given(programmes())
def test_whatever_compiles_keeps_the_instrument_in_its_limits(written: dict[str, Any]) -> None:
    try:
        programme = compiled(written)
    except ConfigurationError:
        return
    instrument = FACTS.instrument
    for step in programme.steps:
        assert 0 < step.longest <= 30 * 86400
        assert [end.limit for end in step.ends].count(Limit.TIME) == 1
        volts = [end.value for end in step.ends if end.limit is Limit.VOLTAGE]
        match step:
            case ConstantCurrent(current=current):
                assert 0 < abs(current) <= instrument.current_limit
                sides = {end.below for end in step.ends if end.limit is Limit.VOLTAGE}
                bound = programme.safety.upper_voltage if current > 0 else programme.safety.lower_voltage
                assert sides == {current < 0} or (not sides and bound is not None)
            case ConstantVoltage(voltage=voltage) | VoltageRamp(end=voltage):
                volts.append(voltage)
        assert all(instrument.lowest_voltage <= it <= instrument.highest_voltage for it in volts)
