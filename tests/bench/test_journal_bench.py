"""The journal bench in its short form: what it reports, and that a journal costs an event little."""

import json
import subprocess
import sys


def test_the_journal_costs_an_event_little() -> None:
    command = [sys.executable, "-W", "error", "-m", "operando", "bench", "journal", "--short", "--json"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr
    measured = json.loads(found.stdout.splitlines()[-1])
    assert set(measured) == {"bench", "ratios", "figures", "setup"}
    assert measured["bench"] == "journal"
    ratios, figures = measured["ratios"], measured["figures"]
    assert set(ratios) == {"cost_over_bare_event", "cost_over_suitcase", "cost_over_suitcase_buffered"}
    assert ratios["cost_over_bare_event"] == figures["us_per_event"] / figures["bare_event_us"]
    assert 0 < ratios["cost_over_bare_event"] < 0.2
    assert 0 < ratios["cost_over_suitcase"] < 5
    assert figures["bare_event_us"] < figures["bare_p99_us"] <= figures["bare_max_us"]
    assert figures["journal_event_us"] < figures["journal_p99_us"] <= figures["journal_max_us"]
    assert 1000 < figures["bytes_per_event"] < 3000
    assert figures["throughput_events_per_s"] > 100
    assert measured["setup"]["suitcase_jsonl"] >= "0.2.2"
