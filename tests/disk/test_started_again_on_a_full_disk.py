"""A service that dies while the state root is full is started again all the same: the cell needs it."""

import errno
import os
from pathlib import Path

import pytest

from operando.endstation import Register, Root, enter


def full(*_: object, **__: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_place_is_taken_on_its_old_port_though_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    root = Root(tmp_path)
    with enter(root, "environment") as process:
        port = process.ca_port
        process.ready()
    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(os, "write", full)
    with enter(root, "environment") as process:
        assert process.ca_port == port
        process.ready()
        assert root.owner("environment") is not None
    assert "it says what it said before" in caplog.text
    assert Register(root).ca_port("environment") == port


def test_a_first_start_on_a_full_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), enter(Root(tmp_path), "environment"):
        pass
