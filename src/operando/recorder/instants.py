"""Instants of a run: integer ns since the epoch inside, seconds since the start and ISO 8601 in the file."""

from datetime import UTC, datetime

NS = 1_000_000_000
EPICS_EPOCH_S = 631_152_000
"""EPICS counts from 1990-01-01 00:00:00 UTC (EPICS Application Developer's Guide, "epicsTime")."""


def from_posix(seconds: float) -> int:
    """Return UTC ns since the epoch of a document's ``time``.

    A float of today's epoch resolves 0.2 µs, so it is rounded to the µs that ISO 8601 in the file shows.

    Parameters
    ----------
    seconds : float
        s since 1970-01-01.

    Examples
    --------
    >>> from_posix(1.5)
    1500000000
    """
    return round(seconds * 1_000_000) * 1000


def from_epics(seconds: int, nanoseconds: int) -> int:
    """Return UTC ns since the epoch of an areaDetector time stamp (NDArrayEpicsTSSec, NDArrayEpicsTSnSec)."""
    return (int(seconds) + EPICS_EPOCH_S) * NS + int(nanoseconds)


def iso8601(time_ns: int) -> str:
    """Return an instant to the µs, with its time zone.

    Examples
    --------
    >>> iso8601(0)
    '1970-01-01T00:00:00.000000+00:00'
    """
    seconds, rest = divmod(time_ns, NS)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)
    return moment.isoformat(timespec="microseconds")


def since(start_ns: int, time_ns: int | None) -> float:
    """Return s from the start of the run; not a number where the instant is unknown."""
    return float("nan") if time_ns is None else (time_ns - start_ns) / NS
