"""When a disk is too full to go on, and when it may go on again."""

from dataclasses import dataclass

from operando.vocabulary import Keeping


@dataclass(frozen=True, slots=True)
class Limits:
    """Free space, GB (10⁹ bytes).

    Parameters
    ----------
    warn_below : float
        Somebody should look after the disk.
    pause_below : float
        Exposures wait.
    resume_above : float
        They go on; above ``pause_below``, so that they do not stop and go.
    """

    warn_below: float
    pause_below: float
    resume_above: float

    @property
    def reserve(self) -> float:
        """GB left to journals and environment log, which grow slowly; what can be made again later waits."""
        return self.pause_below / 10

    def judge(self, free: float, paused: bool) -> Keeping:
        """Return what an amount of free space means.

        Parameters
        ----------
        free : float
            GB.
        paused : bool
            Whether exposures wait already.

        Examples
        --------
        >>> limits = Limits(10.0, 1.0, 2.0)
        >>> [str(limits.judge(free, paused)) for free, paused in ((20, False), (5, False), (1.5, False), (1.5, True))]
        ['good', 'warning', 'warning', 'pause']
        """
        if free < (self.resume_above if paused else self.pause_below):
            return Keeping.PAUSE
        return Keeping.WARNING if free < self.warn_below else Keeping.GOOD


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found at the last look.

    Parameters
    ----------
    state : Keeping
        The worst of all folders.
    words : str
        Which folder, what is wrong, and what to do; empty where nothing is.
    free : float
        GB, on the fullest disk that could be asked; not a number where none could.
    writable : bool
        Whether every folder took a file, and more than the reserve is free.
    """

    state: Keeping
    words: str
    free: float
    writable: bool
