"""A file of record is finished when it is complete and closed, not before."""

import subprocess
import sys
from pathlib import Path

from operando.recorder.finished import is_finished
from operando.recorder.nexus import is_complete

WRITER = """
import sys, h5py
with h5py.File(sys.argv[1], "w") as file:
    file["xrd/end_time"] = "2026-10-05T08:30:00Z"
    file.flush()
    print("written", flush=True)
    sys.stdin.read()
"""


def test_a_file_whose_end_is_visible_is_finished_only_once_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "record.nxs"
    assert not is_finished(path)
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        assert is_complete(path)
        assert not is_finished(path)
        writer.stdin.close()
        assert writer.wait(30) == 0
    assert is_finished(path)
