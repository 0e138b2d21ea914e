"""What stands in the beam: the cell, or a calibrant in its place or beside it on the stage."""

from collections.abc import Callable

CELL = "cell"
EMPTY = "empty"
"""The cell without its electrodes and electrolyte."""
STACK_TRANSMISSION = 0.7
"""Share of the beam that passes through electrodes and electrolyte; the rest of a cell's losses are its walls."""
WITHIN = 1.0
"""mm: half the width of the calibrant's capillary holder."""


class Holder:
    """Carries the cell, and maybe a calibrant.

    Parameters
    ----------
    sample : str
        `CELL`, `EMPTY`, or the name of a calibrant.
    beside : float or None
        mm, where stage X brings the calibrant into the beam; None is the calibrant in place of the cell.
    stage_x : callable
        Tells where stage X is, mm.
    """

    def __init__(self, sample: str, beside: float | None, stage_x: Callable[[], float]) -> None:
        self._sample = sample
        self._beside = beside
        self._stage_x = stage_x

    def in_beam(self) -> str:
        """Return what is in the beam now."""
        if self._beside is None or abs(self._stage_x() - self._beside) <= WITHIN:
            return self._sample
        return CELL
