"""The folders that must take data, looked at again and again by a thread of their own."""

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from operando.disk.limits import Limits, Verdict
from operando.disk.probe import LARGE, SMALL, free_gigabytes, trouble_with, words_of
from operando.errors import OperandoError
from operando.vocabulary import Keeping

INTERVAL = 1.0
"""s between two looks."""
PROBE_INTERVAL = 5.0
"""s between two files written into a folder that takes them."""
STUCK = 10.0
"""s for one look, after which a network file system counts as hung."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder.

    Parameters
    ----------
    name : str
        As a message calls it: ``data root``.
    path : Path
        Where it is.
    remake : bool
        Made again where it is gone. Not for a folder that may be a disk of its own: its mount point would be filled.
    """

    name: str
    path: Path
    remake: bool = False


class DiskWatch:
    """Judges folders once a second; a look that does not come back is a verdict, too.

    Parameters
    ----------
    folders : sequence of Watched, or callable
        Each may lie on a disk of its own; a callable is asked at each look, for a site may change its folders.
    limits : Limits
        For each of those disks.
    where : str
        Where the limits are configured, for messages.
    clock : callable
        s, monotonic.
    """

    def __init__(
        self,
        folders: Sequence[Watched] | Callable[[], Sequence[Watched]],
        limits: Limits,
        where: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = folders if callable(folders) else lambda: folders
        self._folders: Sequence[Watched] = ()
        self._limits = limits
        self._where = where
        self._clock = clock
        self._paused: set[str] = set()
        self._refusing: set[str] = set()
        self._probed: dict[str, float] = {}
        self._began: float | None = None
        self._end = threading.Event()
        self._hurry = threading.Event()
        self._thread: threading.Thread | None = None
        self._latest = self.look()

    @property
    def latest(self) -> Verdict:
        """The verdict of the last look, or that the present one does not come back."""
        began = self._began
        if began is None or (waited := self._clock() - began) < STUCK:
            return self._latest
        names = ", ".join(f"{folder.name} {folder.path}" for folder in self._folders)
        words = f"no answer for {waited:.0f} s from the disk of {names}; a network file system that hangs?"
        return Verdict(Keeping.PAUSE, words, self._latest.free, False)

    def obstacle(self) -> str:
        """Return why exposures should wait, or nothing."""
        latest = self.latest
        return latest.words if latest.state is Keeping.PAUSE else ""

    def start(self) -> None:
        """Look again and again in a thread, until `close`."""
        self._thread = threading.Thread(target=self._serve, name="disk watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more; a look that hangs is left behind."""
        self._end.set()
        self._hurry.set()
        if self._thread:
            self._thread.join(STUCK)

    def suspect(self) -> None:
        """Somebody could not write: see for yourself at once."""
        self._probed.clear()
        self._hurry.set()

    def look(self) -> Verdict:
        """Look once, in the caller's thread."""
        self._began = self._clock()
        try:
            self._folders = self._find()
            found = self._without_repetition([self._judge(folder) for folder in self._folders])
        except (OSError, OperandoError) as error:  # a site that does not tell where data go
            found = [Verdict(Keeping.PAUSE, str(error), math.nan, False)]
        self._began = None
        worst = max(found, key=lambda each: (not each.writable, list(Keeping).index(each.state)))
        free = min((each.free for each in found if math.isfinite(each.free)), default=math.nan)
        words = "; ".join(each.words for each in found if each.state is worst.state and each.words)
        self._latest = Verdict(worst.state, words, free, all(each.writable for each in found))
        return self._latest

    def _without_repetition(self, found: Sequence[Verdict]) -> list[Verdict]:
        """Say of a disk once that it is short of space, however many of the folders are on it."""
        told: set[int] = set()
        kept = []
        for folder, each in zip(self._folders, found, strict=True):
            if each.writable or math.isfinite(each.free):
                device = os.stat(folder.path).st_dev
                if device in told and folder.name not in self._refusing:
                    continue
                told.add(device)
            kept.append(each)
        return kept

    def _serve(self) -> None:
        while not self._end.is_set():
            self._hurry.wait(INTERVAL)
            self._hurry.clear()
            self.look()

    def _judge(self, folder: Watched) -> Verdict:
        if folder.remake:
            with suppress(OSError):
                folder.path.mkdir(exist_ok=True)
        try:
            free = free_gigabytes(folder.path)
        except OSError as error:
            return self._refused(folder, words_of(error), math.nan)
        if trouble := self._probe(folder):
            return self._refused(folder, trouble, free)
        state = self._limits.judge(free, folder.name in self._paused)
        (self._paused.add if state is Keeping.PAUSE else self._paused.discard)(folder.name)
        return Verdict(state, self._shortage(folder, free, state), free, free > self._limits.reserve)

    def _probe(self, folder: Watched) -> str:
        """Return why the folder takes no file; one that takes them is asked now and then only."""
        refusing = folder.name in self._refusing
        now = self._clock()
        if not refusing and now - self._probed.get(folder.name, -math.inf) < PROBE_INTERVAL:
            return ""
        self._probed[folder.name] = now
        trouble = trouble_with(folder.path, LARGE if refusing else SMALL)
        (self._refusing.add if trouble else self._refusing.discard)(folder.name)
        return trouble

    def _refused(self, folder: Watched, trouble: str, free: float) -> Verdict:
        self._refusing.add(folder.name)
        return Verdict(Keeping.PAUSE, f"{folder.name} {folder.path}: {trouble}", free, False)

    def _shortage(self, folder: Watched, free: float, state: Keeping) -> str:
        if state is Keeping.GOOD:
            return ""
        limits = self._limits
        place = f"{folder.name} {folder.path}: {free:.3g} GB free"
        if state is Keeping.WARNING:
            return f"{place}; exposures wait below {limits.pause_below:g} GB ({self._where}: [disk] pause_below_GB)"
        return (
            f"{place}, {limits.pause_below:g} GB are wanted ({self._where}: [disk] pause_below_GB); "
            f"make room until {limits.resume_above:g} GB are free"
        )
