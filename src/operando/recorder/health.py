"""Whether the recorder keeps up and its disks have room: what a plan asks before it exposes."""

from collections.abc import Mapping
from pathlib import Path

from operando.disk import DiskWatch
from operando.vocabulary import Keeping


class Health:
    """Judges disks, files that cannot be written, and lag; each with a margin before exposures go on.

    Parameters
    ----------
    watch : DiskWatch
        Of data root and journals.
    max_lag : float
        s; exposures wait above it, until it is half of that.
    where : str
        Where that is configured, for messages.
    """

    def __init__(self, watch: DiskWatch, max_lag: float, where: str) -> None:
        self._watch = watch
        self._max_lag = max_lag
        self._where = where
        self._behind = False

    def judge(self, lag: float, waiting: Mapping[Path, str], held: Mapping[Path, str]) -> tuple[Keeping, str]:
        """Return the state, and why.

        Parameters
        ----------
        lag : float
            s, age of the oldest frame without a row.
        waiting : mapping
            Journal → why its file of record cannot be written just now.
        held : mapping
            Journal → who has its file of record open: its documents are safe, and exposures go on.
        """
        disk = self._watch.latest
        self._behind = lag > (self._max_lag / 2 if self._behind else self._max_lag)
        if disk.state is Keeping.PAUSE:
            return Keeping.PAUSE, disk.words
        if waiting:
            return Keeping.PAUSE, "; ".join(sorted(set(waiting.values())))
        if self._behind:
            return Keeping.PAUSE, (
                f"the oldest frame without a row is {lag:.0f} s old, {self._max_lag:g} s are allowed "
                f"({self._where}: [recorder] max_lag_s); they go on at {self._max_lag / 2:g} s"
            )
        if held:
            return Keeping.WARNING, "; ".join([*filter(None, [disk.words]), *sorted(set(held.values()))])
        return disk.state, disk.words
