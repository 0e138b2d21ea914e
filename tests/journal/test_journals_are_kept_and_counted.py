"""How much a folder of journals holds, and which of them may go."""

import json
import os
from pathlib import Path

import pytest
from journal.journals import path_of, run_documents, written

from operando.cli.status import show_status
from operando.endstation import Root
from operando.journal import Journal, remove_recorded, usage

DAY = 86400.0


def aged(path: Path, days: float) -> Path:
    os.utime(path, (-days * DAY + 1000 * DAY,) * 2)
    return path


def test_a_folder_of_journals_is_counted(tmp_path: Path) -> None:
    assert usage(tmp_path / "none yet").runs == usage(tmp_path).size == 0
    paths = [written(tmp_path, events=2)[0] for _ in range(3)]
    paths[0].with_suffix(".torn").write_bytes(bytes(100))
    found = usage(tmp_path)
    assert found.runs == 3
    assert found.size == sum(path.stat().st_size for path in paths) + 100


def test_status_says_how_much_the_journals_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Root(tmp_path / "root")
    place.prepare()
    size = sum(written(place.path / "journal", events=2)[0].stat().st_size for _ in range(2))
    show_status(place, as_json=True)
    journals = json.loads(capsys.readouterr().out.splitlines()[-1])["journals"]
    assert journals == {"pid": None, "state": "kept", "runs": 2, "bytes": size}
    show_status(place, as_json=False)
    assert "2 runs, 0.0 MB" in capsys.readouterr().out


def test_only_old_and_recorded_journals_go_and_what_lies_beside_them_goes_too(tmp_path: Path) -> None:
    old = aged(written(tmp_path, events=1)[0], days=31)
    unrecorded = aged(written(tmp_path, events=1)[0], days=31)
    young = aged(written(tmp_path, events=1)[0], days=29)
    beside = [old.with_suffix(suffix) for suffix in (".h5", ".2.h5", ".torn")]
    for path in beside:
        path.write_bytes(b"")
    open_run = run_documents(events=0)
    journal = Journal(tmp_path)
    journal(*open_run[0])
    owned = aged(path_of(tmp_path, open_run), days=31)
    asked: list[Path] = []

    def is_recorded(path: Path) -> bool:
        asked.append(path)
        return path != unrecorded

    assert remove_recorded(tmp_path, 970 * DAY, is_recorded) == [old]
    assert sorted(tmp_path.iterdir()) == sorted([unrecorded, young, owned])
    assert sorted(asked) == sorted([old, unrecorded])
    journal.close()
