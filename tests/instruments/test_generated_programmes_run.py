"""Whatever an author writes is refused with a reason, or runs in the simulated instrument to the end that it should.

The normal run takes 200 programmes, ``OPERANDO_FULL=1`` 10,000. Two of three make sense, and one of four is watched by
narrow safety limits, so that most of what is drawn does run.
"""

import math
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instruments.virtual_bench import Bench, ends, samples
from programme.generated import FACTS, Table, programmes, sensible
from sim_wires.capacitor import Capacitor

from operando.config.programme import compile_programme, validated
from operando.errors import ConfigurationError, RequestRefused
from operando.instruments import Said, Sample
from operando.vocabulary import CellProgramme, ConstantVoltage, End, Impedance, Limit, Loop, Safety, Step, VoltageRamp

COUNT = 10_000 if os.environ.get("OPERANDO_FULL") else 200
LONGEST = 2.5
"""s of a step; in virtual time, but every look at the limits is computed."""
WAITED_FOR = 60.0
"""s of virtual time: of what lasts longer, only the beginning is seen, and its abort."""
LOOK = 0.1
"""s between two looks at the limits."""
MEASURED = {Limit.VOLTAGE: "voltage", Limit.CURRENT: "current", Limit.CHARGE: "step_charge"}
NOISE = {Limit.VOLTAGE: 2e-4, Limit.CURRENT: 1e-5, Limit.CHARGE: 1e-9}


def realised(parts: tuple[Step | Loop, ...], cycle: int = 1) -> Iterator[tuple[Step, int]]:
    """The steps one by one as they should come, each with its cycle; written down anew, not taken from the compiler."""
    for part in parts:
        if isinstance(part, Step):
            yield part, cycle
            continue
        for _ in range(part.passes):
            for step, inner in realised(part.parts, cycle):
                yield step, inner
                cycle = max(cycle, inner)
            cycle += part.cycles


NARROW = st.builds(
    Safety,
    upper_voltage=st.floats(3.0, 3.6),
    lower_voltage=st.floats(2.2, 2.8),
    current=st.sampled_from([None, 1e-3, 1e-2]),
    charge=st.sampled_from([None, 1e-6, 1e-5]),
    delay=st.sampled_from([0.0, 0.25, 1.0]),
)
"""An author's own are beyond all that his steps do."""
SAFETIES = st.sampled_from([False, False, False, True]).flatmap(lambda narrow: NARROW if narrow else st.none())
WRITTEN = st.sampled_from([True, True, False]).flatmap(lambda right: (sensible if right else programmes)(LONGEST))
SEEN: Counter[str] = Counter()
"""What became of the programmes."""
LEAST_SHARE = 0.4
"""Of all, that run to an end of their own."""


@pytest.mark.timeout(3600 if os.environ.get("OPERANDO_FULL") else 180)
def test_a_programme_is_refused_with_a_reason_or_ends_as_it_should() -> None:
    SEEN.clear()
    refused_or_right()
    assert SEEN.total() >= COUNT
    assert SEEN["ran"] > LEAST_SHARE * SEEN.total(), SEEN
    assert SEEN["stopped by safety"] > 0.02 * SEEN.total(), SEEN


@settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(WRITTEN, SAFETIES, st.sampled_from([1e-3, 1e-2]))
def refused_or_right(written: Table, safety: Safety | None, farad: float) -> None:
    """Hold what becomes of one programme against what is written."""
    bench = Bench(Capacitor(voltage=2.9, farad=farad, ohm=5.0))
    compiled, refused = started(bench, written, safety)
    assert (compiled is None) is (len(refused) > 20)
    if compiled is None:
        SEEN["refused"] += 1
        assert bench.instrument.due == math.inf
        return
    expected = list(realised(compiled.parts))
    if sum(1.0 if isinstance(step, Impedance) else step.longest for step, _ in expected) > WAITED_FOR:
        SEEN["aborted"] += 1
        bench.driver.abort()
        assert bench.cell.state == "open"
        return
    cell, said = bench.cell, bench.go_on(lambda: not bench.driver.running(), 2e3, poll=1.0)
    end = bench.driver.ended()
    assert end is not None
    assert cell.state == "open"
    step_ends = ends(said)
    SEEN["stopped by safety" if step_ends[-1].safety else "ran"] += 1
    for (step, cycle), found in zip(expected, step_ends, strict=False):
        assert (found.step, found.cycle) == (step.number, cycle)
    assert [found.run for found in step_ends] == list(range(1, len(step_ends) + 1))
    assert end.finished is (not step_ends[-1].safety)
    assert len(step_ends) == len(expected) or step_ends[-1].safety
    check_runs(compiled, said)
    if any(isinstance(step, Impedance) and not step.galvanostatic and step.bias is not None for step, _ in expected):
        return  # its inrush current falls in a tenth of a second, and is seen at the points of the spectrum alone
    passed = sum(found.step_charge for found in step_ends)
    assert passed == pytest.approx(cell.passed, rel=1e-3, abs=3e-9 * len(step_ends))


def started(bench: Bench, written: Table, safety: Safety | None) -> tuple[CellProgramme | None, str]:
    """Start what was written; or return why not."""
    try:
        compiled = compile_programme(validated(written, "generated.toml"), FACTS)
        compiled = compiled if safety is None else replace(compiled, safety=safety)
        bench.driver.start(compiled)
    except (ConfigurationError, RequestRefused) as error:
        return None, str(error)
    return compiled, ""


def check_runs(compiled: CellProgramme, said: list[Said]) -> None:
    """Hold each run against the conditions of its step."""
    steps = {step.number: step for step in compiled.steps}
    began = 0.0
    for found in ends(said):
        step, of_run = steps[found.step], [each for each in samples(said) if each.run == found.run]
        assert found.elapsed - began <= step.longest + 5 * LOOK + pause(step)
        if found.end is not None and found.end.limit is Limit.TIME:
            assert found.elapsed - began >= step.longest - 1.5 * pause(step) - 1e-3
        elif found.end is not None:
            assert found.end in step.ends
            assert met(found.end, of_run[-1])
        if found.safety and not of_run:  # of a potential that would have been imposed, or of a spectrum
            assert isinstance(step, Impedance) or (isinstance(step, VoltageRamp) and step.begin is None)
        elif found.safety:
            limits = with_limit(compiled.safety, step, found.safety)
            assert beyond(limits, of_run[-1], sum(each.step_charge for each in ends(said))), found
        if found.complete:
            assert isinstance(step, Impedance | VoltageRamp)
        assert not found.told
        for each in of_run[:-1]:
            assert not any(met(end, each, -1.0) for end in step.ends if end.limit in MEASURED), (step, each)
        began = found.elapsed


def with_limit(safety: Safety, step: Step, says: str) -> Safety:
    """The safety limits, or that of the current of a held voltage where it is said that this one was exceeded."""
    if "of its step" not in says:
        return safety
    assert isinstance(step, ConstantVoltage | VoltageRamp)
    return Safety(current=step.current_limit)


def beyond(safety: Safety, sample: Sample, charge: float) -> bool:
    """Whether a sample shows a safety limit exceeded."""
    return (
        sample.voltage >= (safety.upper_voltage or math.inf) - NOISE[Limit.VOLTAGE]
        or sample.voltage <= (safety.lower_voltage or -math.inf) + NOISE[Limit.VOLTAGE]
        or abs(sample.current) >= (safety.current or math.inf) * (1 - 1e-3)
        or abs(charge) >= (safety.charge or math.inf) * (1 - 1e-3)
    )


def pause(step: Step) -> float:
    """s in which a ramp, or a spectrum, is not looked at."""
    if isinstance(step, Impedance):
        return 3.0 / step.low_frequency + 0.1
    return max(LOOK, 2e-4 / step.rate) if isinstance(step, VoltageRamp) else 0.0


def met(end: End, sample: Sample, towards: float = 1.0) -> bool:
    """Whether a sample shows a condition met; noise counts for it, or (``towards`` -1) against it."""
    value = getattr(sample, MEASURED[end.limit])
    value = value if end.limit is Limit.VOLTAGE else abs(value)
    margin = towards * (NOISE[end.limit] + 1e-5 * abs(end.value))
    return value <= end.value + margin if end.below else value >= end.value - margin
