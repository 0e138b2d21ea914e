"""Progress bars on the terminal while the RunEngine waits."""

from collections.abc import Iterable
from functools import partial
from threading import RLock
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class ProgressBars:
    """A bar for each status that reports progress, across waits that begin and end inside each other.

    bluesky's own manager knows one wait at a time; here a programme of hours is waited for between frames.

    Parameters
    ----------
    console : Console
        Of standard error.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = RLock()
        self._statuses: dict[Any, TaskID | None] = {}
        self._bars: Progress | None = None

    def wait(self, statuses: Iterable[Any] | None) -> None:
        """Begin to show what is waited for, or, with None, leave out what is done; the RunEngine's ``waiting_hook``."""
        with self._lock:
            for status in statuses or ():
                if hasattr(status, "watch") and status not in self._statuses and not status.done:
                    self._statuses[status] = None
                    status.watch(partial(self._update, status))
            if statuses is None:
                self._leave_out([status for status in self._statuses if status.done])

    def change(self, new: str, old: str) -> None:
        """Clear the terminal while nothing runs; the RunEngine's ``state_hook``."""
        with self._lock:
            if new == "idle":
                self._leave_out(list(self._statuses))
            if new in ("idle", "paused"):
                self._hide()

    def _update(
        self, status: Any, *, name: str = "", current: Any = None, initial: Any = None, target: Any = None,
        unit: str = "", precision: int | None = None, fraction: float | None = None, **_: Any,
    ) -> None:  # fmt: skip
        digits = 3 if precision is None else precision
        reading = "" if current is None else f"{current:.{digits}f}"
        aim = "" if target is None else f" → {target:.{digits}f}"
        text = f"{name}  {reading}{aim} {unit}"
        with self._lock:
            if status not in self._statuses:
                return
            bars = self._bars or self._show()
            if self._statuses[status] is None:
                self._statuses[status] = bars.add_task(text, total=None)
            done = None if fraction is None else 1.0 - fraction
            total = None if fraction is None else 1.0
            bars.update(self._statuses[status], description=text, completed=done, total=total)  # type: ignore[arg-type]

    def _show(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns, console=self._console, transient=True, redirect_stdout=False)
        self._bars.start()
        return self._bars

    def _leave_out(self, statuses: Iterable[Any]) -> None:
        for status in statuses:
            task = self._statuses.pop(status)
            if task is not None and self._bars is not None:
                self._bars.remove_task(task)
        if not any(task is not None for task in self._statuses.values()):
            self._hide()

    def _hide(self) -> None:
        if self._bars is not None:
            self._bars.stop()
            self._bars = None
        self._statuses = dict.fromkeys(self._statuses)
