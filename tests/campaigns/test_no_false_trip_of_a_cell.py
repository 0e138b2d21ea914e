"""What cells do all day trips nothing: every kind of step over the wires, under the interlocks as they are shipped."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from environment.running_service import SPEED, RunningService

from operando.config.programme.hastened import hastened

FULL = bool(os.environ.get("OPERANDO_FULL"))
UPPER, LOWER = {"value_V": 4.3, "scale": "Li/Li+"}, {"value_V": 2.8, "scale": "Li/Li+"}
EIS = {
    "kind": "eis", "name": "spectrum", "amplitude_mV": 7.0, "high_frequency_Hz": 1e4, "low_frequency_Hz": 1.0,
    "points_per_decade": 5, "current_limit_A": 300e-6,
}  # fmt: skip
CC_CV = {
    "kind": "cc_cv", "name": "charge", "current_C_rate": "C/4", "voltage": UPPER, "until_current_below_C_rate": "C/20",
    "hold_time_s": 3600.0,
}  # fmt: skip
REST = {"kind": "rest", "name": "rest", "until_time_s": 300.0}
PULSES = {
    "kind": "gitt", "name": "pulses", "current_C_rate": "-C/10", "pulses": 3, "pulse_time_s": 300.0,
    "rest_time_s": 300.0, "until_voltage_below": LOWER,
}  # fmt: skip
RAMP = {
    "kind": "voltage_ramp", "name": "ramp", "end": {"value_V": 3.8, "scale": "Li/Li+"}, "rate_mV_per_s": 0.05,
    "current_limit_C_rate": "C/2",
}  # fmt: skip
DISCHARGE = {"kind": "constant_current", "name": "discharge", "current_C_rate": "-C/4", "until_voltage_below": LOWER}
STEPS = [REST, CC_CV, REST, EIS, PULSES, RAMP, DISCHARGE, REST]
pytestmark = pytest.mark.skipif(not FULL, reason="a cycle at 250 times the speed: 90 s")


@pytest.fixture
def running(tmp_path: Any) -> Iterator[RunningService]:
    with closing(RunningService(tmp_path)) as running:
        running.start()
        yield running


@pytest.mark.timeout(400)
def test_every_kind_of_step_and_no_trip(running: RunningService) -> None:
    written = {"name": "all kinds", "step_time_limit_s": 36000.0, "sample_interval_s": 0.5, "steps": STEPS}
    _, accepted, words = running.ask("CELL", "load", text=json.dumps(hastened(written, SPEED, 0.2)))
    assert accepted, words
    _, accepted, words = running.ask("CELL", "start")
    assert accepted, words
    running.until(lambda: running.text("CELL:STATE") != "running" or running.text("INTERLOCK:FIRST_OUT"), 300.0)
    assert running.text("INTERLOCK:FIRST_OUT") == ""
    assert running.text("CELL:STATE") == "finished", running.logged()
    assert list((running.root / "blackbox").glob("*")) == []
    with closing(running.history()) as history:
        done = {step.kind for step in history.steps(0, 2**63 - 1)}
    assert done == {"rest", "constant_current", "constant_voltage", "impedance", "voltage_ramp"}
