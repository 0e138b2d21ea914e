"""The pipeline bench in a short form: what it reports, and that the recorder's path is worth its threads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from operando.bench.pipeline import growth


def test_the_recorders_path_is_faster_than_the_plain_loop(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "operando", "bench", "pipeline"]
    options = ["--frames", "100", "--turns", "1", "--folder", str(tmp_path), "--json"]
    found = subprocess.run([*command, *options], capture_output=True, text=True, timeout=170, check=False)
    assert found.returncode == 0, found.stderr
    measured = json.loads(found.stdout.splitlines()[-1])
    assert set(measured) == {"bench", "ratios", "figures", "setup"}
    ratios, figures = measured["ratios"], measured["figures"]
    assert set(ratios) == {"over_plain_loop", "over_stage_limit", "memory_growth"}
    assert ratios["over_plain_loop"] == pytest.approx(figures["frames_per_s"] / figures["plain_loop_frames_per_s"])
    assert ratios["over_plain_loop"] > 1.0  # of a tenth of the frames, while other tests run
    assert ratios["over_stage_limit"] == pytest.approx(figures["frames_per_s"] / figures["stage_limit_frames_per_s"])
    stages = sum(figures[f"{stage}_ms"] for stage in ("read", "unpack", "integrate", "judge", "record"))
    assert figures["stage_limit_frames_per_s"] == pytest.approx(1e3 * measured["setup"]["cores"] / stages)
    assert list(tmp_path.iterdir()) == []


def test_a_memory_that_grows_is_seen() -> None:
    assert growth([100, 900, *[1000] * 50]) == 1.0
    assert growth([100, 900, *range(1000, 2000, 10)]) > 1.2
