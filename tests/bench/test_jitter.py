"""The jitter bench in its short form: it loads, watches and ends everything, and loses no overrun from the count."""

import json
import subprocess
import sys

import pytest


@pytest.mark.endstation
def test_every_overrun_counted_is_a_deadline_missed() -> None:
    command = [sys.executable, "-m", "operando", "bench", "jitter", "--seconds", "5", "--no-realtime", "--json"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert found.returncode == 0, found.stderr
    measured = json.loads(found.stdout.splitlines()[-1])
    figures, setup = measured["figures"], measured["setup"]
    assert abs(figures["overruns_of_the_whole_run"] - figures["deadlines_missed_by_the_log"]) <= 1
    assert figures["overruns"] <= figures["overruns_of_the_whole_run"]
    assert figures["frames_integrated"] > 0
    assert figures["points_counted"] > 0
    assert 0 < figures["late_p50_ms"] <= figures["late_p99_ms"] <= figures["late_max_ms"]
    assert 0 < figures["reading_age_p50_ms"] <= figures["reading_age_p99_ms"] <= figures["reading_age_max_ms"]
    assert measured["ratios"] == {"late_p99_over_period": figures["late_p99_ms"] / 50.0}
    assert not setup["realtime_priority"]
