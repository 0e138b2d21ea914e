"""Plans against the environment service and a simulated potentiostat, over their records."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from environment.running_service import HERE, RunningService

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not os.environ.get("OPERANDO_FULL"), reason="30 s; the short forms are in tests/plans and tests/ophyd_devices"
    ),
]


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"))
    try:
        running.start()
        yield running
    finally:
        running.close()


def test_a_cell_is_waited_for_rested_and_measured_in_a_gap_of_the_beam(running: RunningService) -> None:
    variables = {"EPICS_CA_ADDR_LIST": f"127.0.0.1:{running.port}", "EPICS_CA_AUTO_ADDR_LIST": "NO"}
    client = subprocess.run(
        [sys.executable, str(HERE / "plans_client.py")],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert client.returncode == 0, client.stderr + running.logged()
    told = json.loads(client.stdout.splitlines()[-1])
    first, second, third = told["ages"]
    assert 0.0 < first < second < third
    assert (second - first, third - second) == pytest.approx((0.8, 0.8), abs=0.6)  # a sample each 0.5 s
    assert told["state"] == "running"
    assert abs(told["charged at rest"]) < 0.05 * 0.5 / 3600  # what flowed until the pause was carried out
    assert told["potential"] > 3.7
    assert told["steps"][:3] == ["beam"] * 3
    assert "beam" not in told["steps"][3:]
    assert (told["points"], told["finite"], told["ended"]) == (16, True, "finished")
