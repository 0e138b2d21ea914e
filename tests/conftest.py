"""What all tests leave behind: no process, no thread, no pseudo-terminal. And which of them share a worker."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

IN_REAL_TIME = {"bench", "campaigns", "channels", "environment", "interlocks", "live", "operator_room", "sim_faults"}
"""Folders whose tests watch processes that keep time: one after the other, in a worker of their own."""
NOT_SO = {"test_journal_bench.py", "test_power_loss.py", "test_regulation.py", "test_seven_days.py"}
"""Files in them that compute, or write to disks, and measure what their own host does to them."""


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out what tests import or start as a process: it has no doctests, and its import may need an endstation."""
    name = collection_path.name
    return True if name.endswith(".py") and not name.startswith(("test_", "__init__", "conftest")) else None


class ByFolder(LoadScopeScheduling):
    """Gives each folder to one worker, and all folders that keep time to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        keeps_time = file.parent.name in IN_REAL_TIME and file.name not in NOT_SO
        return "real time" if keeps_time else str(file.parent)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFolder:
    return ByFolder(config, log)


def processes_naming(text: str) -> list[str]:
    """Command lines of living processes, other than this one, that name a text."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if text in command and int(folder.name) != os.getpid():
            found.append(f"{folder.name}: {command}")
    return found


def open_ptys() -> list[str]:
    """Pseudo-terminals that this process holds as their master."""
    links = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            links.append(os.readlink(descriptor))
        except OSError:
            continue  # the descriptor of the listing itself
    return [link for link in links if link.endswith("ptmx")]


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    threads, ptys = set(threading.enumerate()), open_ptys()
    yield
    assert set(threading.enumerate()) - threads == set()
    assert open_ptys() == ptys
    assert processes_naming(str(tmp_path_factory.getbasetemp())) == []
