"""What the rows of an unfinished file say to a recorder that goes on behind them."""

from dataclasses import dataclass

import h5py
import numpy as np

from operando.errors import RecordDamaged

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class KeptRow:
    """What later frames and the end of the run depend on.

    Parameters
    ----------
    exposure_end : float
        s since the start of the run; not a number where it is unknown.
    a, c : float
        Å, a lattice that was trusted; not a number where there is none.
    lit : int or None
        Its row, if it has a pattern and was taken with beam.
    number : int
        The detector's; negative where it is unknown.
    """

    exposure_end: float
    a: float
    c: float
    lit: int | None
    number: int


class KeptRows:
    """The whole rows of an unfinished file, asked for in their order while the journal is read again.

    Parameters
    ----------
    frames : h5py.Group
        The columns of the frames.
    length : int
        How many rows are whole.
    """

    def __init__(self, frames: h5py.Group, length: int) -> None:
        self._length = length
        self._next = 0

        def column(name: str, other: str = "") -> np.ndarray[tuple[int], np.dtype[np.float64]]:
            known = next((each for each in (name, other) if each in frames), None)
            return frames[known][:length] if known else np.full(length, NAN)

        self._place = column("raw_file"), column("raw_index")
        self._number = column("frame_number")
        self._exposure_end = column("exposure_end")
        self._is_lit = np.isfinite(column("counts_total")) & (column("beam_off") != 1)
        trusted = column("lattice_trusted") == 1
        self._a, self._c = (
            np.where(trusted, lattice, NAN) for lattice in (column("lattice_a"), column("lattice_c", "lattice_a"))
        )

    @property
    def remaining(self) -> int:
        """Rows that no frame was named for."""
        return self._length - self._next

    def take(self, raw_file: int, raw_index: int) -> KeptRow:
        """Return the next row, which is that of a frame.

        Raises
        ------
        RecordDamaged
            It is another frame's.
        """
        row, self._next = self._next, self._next + 1
        found = tuple(int(column[row]) for column in self._place)
        if found != (raw_file, raw_index):
            raise RecordDamaged(f"row {row} is frame {found[1]} of file {found[0]}, not {raw_index} of {raw_file}")
        lit = row if self._is_lit[row] else None
        return KeptRow(
            float(self._exposure_end[row]), float(self._a[row]), float(self._c[row]), lit, int(self._number[row])
        )
