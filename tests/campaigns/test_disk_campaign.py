"""Disks that fill, fail and vanish under a running endstation: it holds, says so, loses nothing and goes on.

The disks are real: a tmpfs in a mount namespace of their own. The normal run fills one under a recorder;
``OPERANDO_FULL=1`` does each thing to the disk of a whole endstation in the middle of a cycle.
"""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from disk.small_disk import in_namespace, needs_namespace

if TYPE_CHECKING:
    from subprocess import CompletedProcess

FULL = bool(os.environ.get("OPERANDO_FULL"))
pytestmark = [pytest.mark.endstation, pytest.mark.timeout(400), needs_namespace]
HERE = Path(__file__).parent


def told(ended: "CompletedProcess[str]") -> dict[str, Any]:
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def test_a_recorder_that_met_a_full_disk_begins_anew_and_ends_the_file(tmp_path: Path) -> None:
    root, data = tmp_path / "root", tmp_path / "disk"
    root.mkdir()
    script = str(HERE / "small_disk_recorder.py")
    found = told(in_namespace(data, "24m", [sys.executable, script, "drive", str(root), str(data)]))
    assert "the disk is full" in found["said"]
    assert "starts anew, its disk is well again" in found["said"]
    assert (found["rc"], found["frames"], found["gaps"], found["findings"]) == (0, 50, 0, [])


HOLDING = ("nearly full", "full", "read-only", "data root away")
HEALING = ("journals removed", "environment log removed")


@pytest.mark.skipif(not FULL, reason="OPERANDO_FULL=1 takes the whole endstation, 40 s a case")
@pytest.mark.parametrize("what", [*HOLDING, *HEALING])
def test_a_cycle_goes_on_after_its_disk_was_mended(tmp_path: Path, what: str) -> None:
    disk = tmp_path / "disk"
    found = told(in_namespace(disk, "400m", [sys.executable, str(HERE / "small_disk_chain.py"), str(disk), what]))
    assert (found["rc"], found["exit_status"], found["findings"]) == (0, "success", []), found["said"]
    assert found["announced"] == found["rows"] == found["whole"] == found["joined"]
    assert found["longest_gap_s"] < 1.0, "the cell was measured all the time, and that is in the log"
    if what in HOLDING:
        assert found["frames_meanwhile"] == 0
        assert "exposures wait: " in found["said"] or "is exposed again" in found["said"]
    if what == "nearly full":
        (waited,) = found["waited"]
        assert "0.1 GB are wanted" in waited
