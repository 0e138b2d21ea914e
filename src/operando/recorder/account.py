"""Every announced frame is one of: written, integrated, late, failed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """Where the frames of a run are.

    Parameters
    ----------
    announced : int
        Frames that the documents promise; the sum of the following four.
    written : int
        In their file, by what the detector's file plugin told, and on their way to a pattern.
    integrated : int
        With a pattern.
    late : int
        Not in their file when they were asked for, and waited for.
    failed : int
        Given up; the file of record says why.
    missing : int
        Frames that the detector counted and nobody announced.
    """

    announced: int = 0
    written: int = 0
    integrated: int = 0
    late: int = 0
    failed: int = 0
    missing: int = 0
