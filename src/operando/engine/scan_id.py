"""The number of a run, counted up over all sessions on a root."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operando.errors import EndstationError


class ScanCounter:
    """Counts in a file, replaced as a whole, so that a crash never leaves half a number.

    Parameters
    ----------
    file : Path
        Made with the first run.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def upcoming(self) -> int:
        """The number that the next run gets, unless another session comes first."""
        return self._last() + 1

    def __call__(self, _: Mapping[str, Any]) -> int:
        """Return the next number; the RunEngine's ``scan_id_source``.

        Raises
        ------
        EndstationError
            The file does not hold a number, or cannot be written.
        """
        number = self._last() + 1
        fresh = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                file.write(f"{number}\n")
                file.flush()
                os.fsync(file.fileno())  # or a power cut may leave a file without a number
            os.replace(fresh, self._file)
        except OSError as error:
            raise EndstationError(f"{self._file}: scan number {number} cannot be kept: {error.strerror}") from error
        return number

    def _last(self) -> int:
        try:
            return int(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return 0
        except ValueError as error:
            raise EndstationError(f"{self._file}: {error}; the number of the last run is wanted") from error
