"""A file of record is finished when it is complete and closed, not before."""

from pathlib import Path

import h5py

from operando.recorder.finished import is_finished
from operando.recorder.nexus import is_complete


def test_a_file_whose_end_is_visible_is_finished_only_once_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "record.nxs"
    assert not is_finished(path)
    with h5py.File(path, "w") as file:
        file["xrd/end_time"] = "2026-10-05T08:30:00Z"
        file.flush()
        assert is_complete(path)
        assert not is_finished(path)
    assert is_finished(path)
