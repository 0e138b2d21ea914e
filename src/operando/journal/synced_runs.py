"""The thread that gets open runs onto the disk."""

import threading

from operando.journal.open_run import OpenRun

SYNC_S = 0.25
"""s between two looks for what is not on the disk; with the time that a disk takes, at most 0.5 s after a write."""


class SyncedRuns:
    """Open runs; while there are any, a thread syncs them, and lets those go that have ended and are on the disk."""

    def __init__(self) -> None:
        self._runs: list[OpenRun] = []
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, run: OpenRun) -> None:
        """Take a run in."""
        with self._lock:
            self._runs.append(run)
            if self._thread is None:
                self._end = threading.Event()
                self._thread = threading.Thread(target=self._sync, args=(self._end,), name="journal sync", daemon=True)
                self._thread.start()

    def leave(self, run: OpenRun) -> None:
        """Close a run and let it go."""
        run.close()
        thread = None
        with self._lock:
            if run in self._runs:
                self._runs.remove(run)
            if not self._runs:
                thread, self._thread = self._thread, None
                self._end.set()
        if thread and thread is not threading.current_thread():
            thread.join()

    def close(self) -> None:
        """Close every run."""
        for run in list(self._runs):
            self.leave(run)

    def _sync(self, end: threading.Event) -> None:
        while not end.wait(SYNC_S):
            for run in list(self._runs):
                ended = run.ended  # before the sync: a stop document may come in between
                run.sync()
                if ended and not run.failure:
                    self.leave(run)
