"""Trouble with a file of our own, said when it begins and when it ends, not at every attempt between."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_logger = logging.getLogger(__name__)


class Complaint:
    """Says what a disk does to one file.

    Parameters
    ----------
    file : Path
        That is written again and again.
    cost : str
        What its loss means.
    """

    def __init__(self, file: Path, cost: str) -> None:
        self._file = file
        self._cost = cost
        self._said = ""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write within it; an OSError goes no further."""
        try:
            yield
        except OSError as error:
            trouble = error.strerror or str(error)
            if trouble != self._said:
                _logger.error("%s: %s; tried again, and meanwhile %s", self._file, trouble, self._cost)
            self._said = trouble
        else:
            if self._said:
                _logger.warning("%s: written again", self._file)
            self._said = ""
