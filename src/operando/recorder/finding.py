"""Something that is wrong with a file."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """A reader is misled or stopped."""
    WARNING = "warning"
    """A strict reader complains."""


class Rule(StrEnum):
    """What a file of record has to obey; a finding names the rule that it breaks."""

    OPENS = "opens"
    """It is an HDF5 file that opens, with an NXentry in it."""
    DEFINITION = "definition"
    """An entry holds what its application definition demands."""
    BASE_CLASS = "base-class"
    """A group holds what its NeXus base class allows."""
    DEFAULT = "default"
    """The chain of ``@default`` leads to an NXdata."""
    SIGNAL = "signal"
    """An NXdata names a signal, which is there and numeric; further signals have its shape."""
    AXES = "axes"
    """An NXdata names an axis, or ``.``, for each dimension; axes are numeric and as long, or one longer."""
    INDICES = "indices"
    """``@…_indices`` name fields that fit along their dimension."""
    ERRORS = "errors"
    """Errors have the shape of their values."""
    INTERPRETATION = "interpretation"
    """``@interpretation`` is one that viewers know."""
    UNIT = "unit"
    """A measured number has a unit, it is a known one, and of the right kind."""
    COMPLETE = "complete"
    """Each entry has an end time, not before its start and not before its last exposure."""
    ROWS = "rows"
    """Every per-frame field has as many rows as there are patterns."""
    FRAMES = "frames"
    """Every announced frame has one row, and no frame has two."""
    GAPS = "gaps"
    """A row without a pattern has a reason, and each reason a row."""
    TIME = "time"
    """Times of frames and logs go forward."""
    EXPOSURE = "exposure"
    """An exposure starts before it ends, and its time lies between."""
    STATISTICS = "statistics"
    """The mean over an exposure lies between minimum and maximum."""
    LOG = "log"
    """A log has as many times as values."""
    COVERAGE = "coverage"
    """The environment log goes on during each exposure, and holds what was joined with it."""
    RAW_LINK = "raw-link"
    """A link to raw frames is relative and names a file of frames with every row's frame in it."""
    RAW_MISSING = "raw-missing"
    """The raw files that have patterns here are where their links say."""
    STACK_PRESSURE = "stack-pressure"
    """The file says how the stack was pressed, or why it does not."""
    CONFIGURATION = "configuration"
    """The hash of the configuration is that of its text."""
    REPROCESSED = "reprocessed"
    """An entry that was made afterwards says of which one, by whom and when, and has its frames."""
    PROGRAMME = "programme"
    """The hash of a cell programme is that of its text; its steps follow each other, and hold the frames' ``run``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where.

    Parameters
    ----------
    rule : Rule
        What is not obeyed.
    place : str
        Path within the file.
    message : str
        One line.
    severity : Severity
        How bad it is.
    """

    rule: Rule
    place: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.message} [{self.rule}]"
