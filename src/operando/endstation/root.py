"""The root folder of an endstation, and the lock that lets one process of a kind in."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from operando.errors import EndstationError


@dataclass(frozen=True, slots=True)
class Root:
    """Where the processes of one endstation meet.

    Parameters
    ----------
    path : Path
        A folder on a local disk; made when missing.
    """

    path: Path

    @property
    def run(self) -> Path:
        """Pids, ports and locks."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One file of output a process."""
        return self.path / "logs"

    def prepare(self) -> None:
        """Make the folders that every process expects."""
        for folder in ("run", "logs", "journal", "environment"):
            try:
                (self.path / folder).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise EndstationError(f"{self.path / folder}: cannot be made: {error.strerror}") from error

    @contextmanager
    def lock(self, kind: str) -> Iterator[None]:
        """Hold the only place of a kind of process on this root.

        Raises
        ------
        EndstationError
            Another process holds it; names its pid.
        """
        self.prepare()
        descriptor = os.open(self._lock_file(kind), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _try_lock(descriptor):
                raise EndstationError(f"{kind} already runs on {self.path} with pid {self.owner(kind)}")
            os.ftruncate(descriptor, 0)
            with suppress(OSError):  # the lock is what counts; a full disk knows its owner by no number
                os.write(descriptor, str(os.getpid()).encode())
            yield
        finally:
            os.close(descriptor)

    def owner(self, kind: str) -> int | None:
        """Pid of the running process of a kind, or None when there is none."""
        try:
            descriptor = os.open(self._lock_file(kind), os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            if _try_lock(descriptor):
                return None
            text = os.read(descriptor, 32).decode().strip()
            return int(text) if text else 0
        finally:
            os.close(descriptor)

    def _lock_file(self, kind: str) -> Path:
        return self.run / f"{kind}.lock"


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
