"""Something that is wrong with a file."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """A reader is misled or stopped."""
    WARNING = "warning"
    """A strict reader complains."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where.

    Parameters
    ----------
    place : str
        Path within the file.
    message : str
        One line.
    severity : Severity
        How bad it is.
    """

    place: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message}"
