"""The sample stage as EPICS clients see it."""

import json
import os
import subprocess
import sys

from waiting import wait_until

from sim_iocs.running_service import Service

VAL, RBV, DMOV = "STAGE:X", "STAGE:X.RBV", "STAGE:X.DMOV"


def test_a_move_completes_at_its_target(service: Service) -> None:
    service.put(VAL, 0.5)
    assert service.get(RBV) == 0.5
    assert service.get(DMOV) == 1
    service.put(VAL, 0.0)


def test_a_moving_axis_says_so_and_moves_at_its_velocity(service: Service) -> None:
    service.put("STAGE:Y.VELO", 1.0)
    service.put("STAGE:Y", 20.0, wait=False)
    service.wait_for("STAGE:Y.DMOV", 0)
    assert service.get("STAGE:Y.MOVN") == 1
    assert service.get("STAGE:Y") == 20.0
    assert service.get("STAGE:Y.RBV") < 20.0
    service.put("STAGE:Y.STOP", 1)
    service.wait_for("STAGE:Y.DMOV", 1)


def test_a_stopped_axis_rests_where_it_is_and_val_follows(service: Service) -> None:
    service.put("STAGE:Z", 20.0, wait=False)
    wait_until(lambda: service.get("STAGE:Z.RBV") > 0.0)
    service.put("STAGE:Z.STOP", 1)
    service.wait_for("STAGE:Z.DMOV", 1)
    assert 0.0 < service.get("STAGE:Z.RBV") < 20.0
    assert service.get("STAGE:Z") == service.get("STAGE:Z.RBV")
    assert service.get("STAGE:Z.STOP") == 0


def test_beyond_its_limits_the_record_stays_and_shows_a_limit_violation(service: Service) -> None:
    service.put(VAL, 80.0)
    assert service.get(VAL) == 0.0
    assert service.get("STAGE:X.LVIO") == 1
    service.put(VAL, 0.1)
    assert service.get("STAGE:X.LVIO") == 0
    service.put(VAL, 0.0)


OPHYD = """
import json
from ophyd import EpicsMotor
from ophyd.utils import LimitError
motor = EpicsMotor("SIM:STAGE:X", name="motor")
motor.wait_for_connection(timeout=20)
seen = {"limits": motor.limits, "unit": motor.egu}
seen["arrived"] = motor.move(1.0, wait=True, timeout=20).success
seen["position"] = motor.position
try:
    motor.move(80.0)
except LimitError as error:
    seen["refused"] = str(error)
motor.move(0.0, wait=True, timeout=20)
print(json.dumps(seen))
"""


def test_ophyd_moves_the_axis_and_enforces_its_limits(service: Service) -> None:
    client = subprocess.run(
        [sys.executable, "-c", OPHYD], env=dict(os.environ), capture_output=True, text=True, timeout=90, check=True
    )
    seen = json.loads(client.stdout.splitlines()[-1])
    assert seen["limits"] == [-25.0, 25.0]
    assert seen["unit"] == "mm"
    assert seen["arrived"]
    assert seen["position"] == 1.0
    assert "80" in seen["refused"]
