"""A disk that is really full: a tmpfs of a few MB in a mount namespace, which needs no right but that to make one."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("full_disk.py")


def in_namespace(place: Path, size: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command that sees a small disk of its own at a folder."""
    place.mkdir(exist_ok=True)
    mount = 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"'
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh", size, str(place), *command],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder to mount at; the test is skipped where this kernel does not let us."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare(1) on this host")
    tried = in_namespace(tmp_path / "disk", "1m", ["true"])
    if tried.returncode != 0:
        pytest.skip(f"no mount in a namespace of our own: {tried.stderr.strip()}")
    return tmp_path / "disk"


def test_no_document_and_no_reading_is_lost_on_a_full_disk(place: Path) -> None:
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
