"""A disk that is really full, under a session's journal and the environment log."""

import json
import sys
from pathlib import Path

from disk.small_disk import in_namespace, needs_namespace

SCRIPT = Path(__file__).with_name("full_disk.py")


@needs_namespace
def test_no_document_and_no_reading_is_lost_on_a_full_disk(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    ended = in_namespace(place, "4m", [sys.executable, str(SCRIPT), str(place)])
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["trouble"] == "the disk is full"
    assert "documents are not in the journal yet" in found["waiting"]
    assert "No space left on device" in found["waiting"]
    assert found["refused"] == 3
    assert "full" in found["log"]
    assert found["readings_in_memory"] == 19_900
    assert (found["every_document"], found["every_reading"], found["lost"]) == (True, True, 0)
    assert found["mended"] == ""
