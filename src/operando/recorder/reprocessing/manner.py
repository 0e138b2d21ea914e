"""How a run is reduced again, and what comes of it."""

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operando.recorder.reprocessing.replay import Progress


@dataclass(frozen=True, slots=True)
class Reprocessed:
    """What came of a file.

    Parameters
    ----------
    file : Path
        With the new entry.
    entry : str
        Name of the new entry.
    frames, patterns : int
        Rows, and how many of them have a pattern.
    conditions : str
        Where they come from.
    changed : tuple of str
        Names of what differs from the recorded entry.
    """

    file: Path
    entry: str
    frames: int
    patterns: int
    conditions: str
    changed: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "file": str(self.file),
            "entry": self.entry,
            "frames": self.frames,
            "patterns": self.patterns,
            "conditions": self.conditions,
            "changed": list(self.changed),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How it is done.

    Parameters
    ----------
    log : Path or None
        Folder of the environment log, which must hold the run; None looks for one above the file.
    folder : Path or None
        Where the file with the new entry goes; None puts it in the place of the file.
    default : bool
        Whether a viewer is to show the new entry first.
    executor : Executor or None
        Where frames are read and integrated; None is here, one after the other.
    now_ns : callable
        UTC, ns since the epoch.
    progress : callable
        Takes frames done, and all of them.
    """

    log: Path | None = None
    folder: Path | None = None
    default: bool = False
    executor: Executor | None = None
    now_ns: Callable[[], int] = time.time_ns
    progress: Progress = lambda done, total: None
