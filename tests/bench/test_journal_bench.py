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
    assert abs(ratios["cost_over_bare_event"]) < 0.3  # of a tenth of the events, while other tests run: noise
    for who in ("bare", "journal"):
        times = [figures[f"{who}_{which}_us"] for which in ("event", "median", "p99", "max")]
        assert times == sorted(times)
    assert 1000 < figures["bytes_per_event"] < 3000
    assert figures["throughput_events_per_s"] > 100
    assert measured["setup"]["suitcase_jsonl"] >= "0.2.2"
