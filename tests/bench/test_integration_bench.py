"""The integration bench in its short form, on a small detector: what it reports, and that it is pyFAI's result."""

import json
import subprocess
import sys

KINDS = ("nosplit", "bbox", "full", "cake")


def test_frames_are_integrated_faster_and_to_the_same_result() -> None:
    command = [sys.executable, "-W", "error", "-m", "operando", "bench", "integration", "--short", "--json"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert found.returncode == 0, found.stderr
    measured = json.loads(found.stdout.splitlines()[-1])
    assert set(measured) == {"bench", "ratios", "figures", "setup"}
    assert measured["bench"] == "integration"
    ratios, figures, setup = measured["ratios"], measured["figures"], measured["setup"]
    assert ratios["max_relative_difference"] < 1e-5
    for kind in KINDS:
        assert ratios[f"{kind}_speedup"] == figures[f"pyfai_{kind}_ms"] / figures[f"{kind}_ms"]
        assert ratios[f"{kind}_speedup"] > 2  # of a small detector, while other tests run
    assert setup["threads"] == 1
    assert {"azint", "midas-integrate", "pyFAI", "numba"} <= set(setup)
