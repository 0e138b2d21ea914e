"""What an EPICS client reads is what the environment log holds, sample by sample."""

import json

import numpy as np
import pytest
from waiting import wait_until

from live.conftest import Live
from operando.vocabulary import QUANTITY

pytestmark = [pytest.mark.endstation, pytest.mark.timeout(120)]

WATCHED = ("stack_pressure", "stack_pressure_setpoint", "piezo_drive", "temperature", "heater_drive")
AT_THE_CELL = (
    "voltage", "current", "charge", "cycle", "half_cycle", "step", "run", "step_time", "step_charge", "potential",
    "specific_capacity", "state_of_charge", "rest_age", "time_uncertainty", "clock_drift", "clock_drift_uncertainty",
)  # fmt: skip
"""An efficiency is told at the end of a cycle: tests/environment/test_cell_records_are_the_log.py waits for one."""
MICROSECOND = 1000

READ_WITH_CAPROTO = """
import json, sys, time
from caproto.threading.client import Context
names = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {names!r}
found = {{}}
context = Context()
pvs = context.get_pvs(*names.values(), timeout=20)
for quantity, pv in zip(names, pvs):
    pv.wait_for_connection(timeout=20)
(start,) = context.get_pvs({start!r}, timeout=20)
start.wait_for_connection(timeout=20)
began, drift = time.time(), pvs[list(names).index("clock_drift")]
start.write(1, wait=True, timeout=10)
while drift.read(data_type="time", timeout=10).metadata.timestamp < began:
    assert time.time() < began + 20, "the cell programme does not start"
until = time.monotonic() + 6
while time.monotonic() < until:
    for quantity, pv in zip(names, pvs):
        reading = pv.read(data_type="time", timeout=10)
        stamp = reading.metadata.stamp
        found.setdefault(quantity, []).append((stamp.secondsSinceEpoch, stamp.nanoSeconds, float(reading.data[0])))
context.disconnect()
print(json.dumps(found))
"""
EPICS_EPOCH = 631152000


def test_another_client_sees_the_values_of_the_log(live: Live) -> None:
    live.wait_for_idle_cell()
    names = {quantity: live.config.prefix + QUANTITY[quantity].record for quantity in (*WATCHED, *AT_THE_CELL)}
    client = live.start_python(READ_WITH_CAPROTO.format(names=names, start=live.config.prefix + "CELL:START"))
    said, _ = client.communicate(timeout=100)
    assert client.returncode == 0, said
    found = json.loads(said.splitlines()[-1])
    for quantity in names:
        times = np.array(
            [(seconds + EPICS_EPOCH) * 10**9 + nano for seconds, nano, _ in found[quantity]], dtype=np.int64
        )
        values = np.array([value for *_, value in found[quantity]])
        history = live.history()
        try:
            wait_until(lambda: history.committed_ns() > times.max(), 20, "the log to be committed")  # noqa: B023
            log = history.samples(quantity, int(times.min()) - MICROSECOND, int(times.max()) + MICROSECOND)
        finally:
            history.close()
        nearest = np.abs(log.time_ns[None, :] - times[:, None]).argmin(axis=1)
        assert np.abs(log.time_ns[nearest] - times).max() <= MICROSECOND
        assert np.array_equal(log.value[nearest], values, equal_nan=True)  # a reading that was missed is NaN in both
        assert len(set(times.tolist())) > 3
