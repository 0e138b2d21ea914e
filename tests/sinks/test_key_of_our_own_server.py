"""The key of our own Tiled server."""

from pathlib import Path

import pytest

from operando.sinks.key import remembered_key


def test_it_is_remembered_and_nobody_elses_to_read(tmp_path: Path) -> None:
    file = tmp_path / "tiled.key"
    key = remembered_key(file)
    assert len(key) == 64
    assert remembered_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("left", ["tiled.key", "tiled.new"])
def test_what_a_killed_process_began_is_no_key(tmp_path: Path, left: str) -> None:
    (tmp_path / left).write_text("")
    key = remembered_key(tmp_path / "tiled.key")
    assert len(key) == 64
    assert remembered_key(tmp_path / "tiled.key") == key
