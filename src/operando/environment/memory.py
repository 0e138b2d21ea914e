"""What a restarted service must know: kept in one file, replaced as a whole within half a second of a change."""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any

Facts = Mapping[str, Any]
LOOK_INTERVAL = 0.1
"""s between two looks at what there is to remember."""
SIGN_OF_LIFE = 5.0
"""s after which the file is written though nothing has changed: its time tells how long a service was away."""
NS = 1_000_000_000
_logger = logging.getLogger(__name__)


class Memory:
    """Writes what others tell of themselves; `serve` belongs to one thread, which regulates nothing.

    Parameters
    ----------
    file : Path
        ``ROOT/run/environment.json``.
    sources : mapping of str to callable
        By the name of what is remembered: returns its facts as plain values, from any thread.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(
        self, file: Path, sources: Mapping[str, Callable[[], Facts]], now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self._file = file
        self._sources = sources
        self._now_ns = now_ns
        self._written: dict[str, Facts] = {}
        self._written_ns = 0
        self._failing = False

    def serve(self, stop: Event) -> None:
        """Write what changes until told to stop, and once more."""
        while not stop.wait(LOOK_INTERVAL):
            self.save()
        self.save()

    def save(self) -> None:
        """Write, where something has changed or a sign of life is due; a full disk is reported once."""
        facts: dict[str, Facts] = {name: dict(source()) for name, source in self._sources.items()}
        now_ns = self._now_ns()
        if facts == self._written and now_ns - self._written_ns < SIGN_OF_LIFE * NS:
            return
        try:
            replace_durably(self._file, json.dumps({"time_ns": now_ns, **facts}, indent=1))
        except OSError as error:
            if not self._failing:
                _logger.error("%s: cannot be written: %s; a restarted service would not know this", self._file, error)
            self._failing = True
        else:
            self._written, self._written_ns, self._failing = facts, now_ns, False


def replace_durably(file: Path, text: str) -> None:
    """Replace a file as a whole, and return once it is on the disk: no crash leaves half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(fresh, file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def recall(file: Path) -> tuple[dict[str, Facts], int]:
    """Return what was remembered, by name, and when, in ns; nothing and 0 where there is nothing to read."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return {name: facts for name, facts in found.items() if isinstance(facts, dict)}, int(found["time_ns"])
    except FileNotFoundError:
        return {}, 0
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        _logger.error("%s: cannot be read: %s; what is found is held, and no safe state is known", file, error)
        return {}, 0
