"""How the sinks are doing, for whoever asks: ``ROOT/run/sinks/status.json``."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path("run", "sinks")
"""Of positions and status, in the state root."""


@dataclass(slots=True)
class Health:
    """What is known about one sink since its process started; written by its thread, read by others.

    Parameters
    ----------
    state : str
        ``connecting``, ``delivering``, ``waiting`` (everything was delivered) or ``retrying`` (the target failed).
    documents, runs, failures, damaged : int
        Documents and whole runs delivered, failed attempts, damaged lines left out.
    refused : int
        Runs that the target does not take, ever.
    behind : int
        Bytes of journals that are still to be delivered.
    error : str
        The last failure.
    busy_since : float or None
        s, monotonic; when the call of the target began that has not returned yet.
    """

    state: str = "connecting"
    documents: int = 0
    runs: int = 0
    failures: int = 0
    damaged: int = 0
    refused: int = 0
    behind: int = 0
    error: str = ""
    busy_since: float | None = None

    def summary(self, busy_s: float) -> dict[str, Any]:
        """Return it as plain data, with how long the target has not answered, s."""
        return {
            "state": self.state,
            "documents": self.documents,
            "runs": self.runs,
            "behind_kB": round(self.behind / 1000, 1),
            "failures": self.failures,
            "refused_runs": self.refused,
            "damaged_lines": self.damaged,
            "silent_s": round(busy_s, 1),
            "error": self.error,
        }


def status_file(root: Path) -> Path:
    """Return where the status of all sinks lies."""
    return root / FOLDER / "status.json"


def write_status(root: Path, summaries: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace the status of all sinks.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    file = status_file(root)
    newborn = file.with_suffix(".new")
    newborn.write_text(json.dumps(summaries), encoding="utf-8")
    os.replace(newborn, file)


def read_status(root: Path) -> dict[str, dict[str, Any]]:
    """Return sink → its status, as it was last written; empty where there never was one."""
    try:
        found: dict[str, dict[str, Any]] = json.loads(status_file(root).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def in_words(summary: Mapping[str, Any]) -> str:
    """Return the status of one sink as one line.

    Examples
    --------
    >>> in_words(Health(state="delivering", documents=3, runs=1).summary(0.0))
    'delivering, 3 documents, 0.0 kB behind'
    """
    line = f"{summary['state']}, {summary['documents']} documents, {summary['behind_kB']} kB behind"
    if summary["silent_s"] > 1:
        line += f", no answer for {summary['silent_s']:.0f} s"
    if summary["refused_runs"]:
        line += f", {summary['refused_runs']} runs refused"
    if summary["failures"]:
        line += f", {summary['failures']} failures, the last: {summary['error']}"
    return line
