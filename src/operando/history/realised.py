"""What became of a cell programme: each step as it was realised, and each impedance spectrum."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field, fields, replace
from typing import Any, ClassVar

TABLES = """
CREATE TABLE IF NOT EXISTS known_step (
    cell TEXT NOT NULL,
    begun_ns INTEGER NOT NULL,
    ended_ns INTEGER,
    programme TEXT NOT NULL,
    run INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    half_cycle INTEGER NOT NULL,
    step INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    limits TEXT NOT NULL,
    how TEXT NOT NULL,
    duration REAL,
    charge REAL,
    voltage REAL,
    current REAL,
    uncertainty_ns INTEGER NOT NULL,
    begun_known_ns INTEGER NOT NULL,
    ended_known_ns INTEGER NOT NULL,
    PRIMARY KEY (cell, begun_ns)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known_spectrum (
    cell TEXT NOT NULL,
    begun_ns INTEGER NOT NULL,
    ended_ns INTEGER,
    programme TEXT NOT NULL,
    run INTEGER NOT NULL,
    cycle INTEGER NOT NULL,
    step INTEGER NOT NULL,
    name TEXT NOT NULL,
    points TEXT NOT NULL,
    begun_known_ns INTEGER NOT NULL,
    ended_known_ns INTEGER NOT NULL,
    PRIMARY KEY (cell, begun_ns)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS started_programme (
    cell TEXT NOT NULL,
    hash TEXT NOT NULL,
    begun_ns INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (cell, begun_ns)
) WITHOUT ROWID;
"""
"""In the file of the UTC day on which the step began. `limits` is the step as JSON, as the instrument ran it; `points`
a JSON list of [time in ns, frequency in Hz, real part, imaginary part in Ω, quality, when it was known]; `text` of a
programme is JSON: as it was compiled, which for the same source differs between cells, and for one that was mounted
anew. A begin, a point or an end may be told long after it was, by a restarted service or with the first sample of a
slow step: ``…known_ns`` is the time up to which the log had been complete before. Who reads it complete up to a moment
leaves out what was known later, and finds the same whenever it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedStep:
    """A step that was done, or is being done.

    Parameters
    ----------
    cell : str
        Channel; empty for the main cell.
    begun_ns : int
        UTC, ns since the epoch.
    ended_ns : int or None
        UTC, ns since the epoch; None while it runs.
    programme : str
        Hash of the programme.
    run : int
        Steps begun since the programme's start, this one included.
    cycle, half_cycle : int
        From 1.
    step : int
        Number in the programme; 0 for a pause.
    name, kind : str
        As in the programme.
    limits : str
        JSON: what was imposed, in A and V at the terminals, and its ends.
    how : str
        Which end was met, in words; empty while it runs.
    duration : float or None
        s, on the instrument's clock.
    charge : float or None
        A h that passed, charging positive.
    voltage, current : float or None
        V and A, as last measured.
    uncertainty_ns : int
        ns, standard uncertainty of begin and end.
    begun_known_ns, ended_known_ns : int
        UTC, ns since the epoch, up to which the log was complete before it was told; set by the log.
    """

    TABLE: ClassVar[str] = "known_step"
    cell: str = ""
    begun_ns: int
    ended_ns: int | None = None
    programme: str
    run: int
    cycle: int
    half_cycle: int
    step: int
    name: str
    kind: str
    limits: str
    how: str = ""
    duration: float | None = None
    charge: float | None = None
    voltage: float | None = None
    current: float | None = None
    uncertainty_ns: int = 0
    begun_known_ns: int = field(default=0, compare=False)
    ended_known_ns: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[str, int]:
        """What is unique to it."""
        return self.cell, self.begun_ns


@dataclass(frozen=True, slots=True)
class SpectrumPoint:
    """One frequency: UTC in ns, Hz, Ω, Ω (below zero for a capacitor), a number of `Quality`, and when it was known."""

    time_ns: int
    frequency: float
    real: float
    imaginary: float
    quality: int = 0
    known_ns: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spectrum:
    """An impedance spectrum, as far as it was measured.

    Parameters
    ----------
    cell, begun_ns, ended_ns, programme, run, cycle, step, name, begun_known_ns, ended_known_ns
        Of its `RealisedStep`.
    points : tuple of SpectrumPoint
        In the order in which they were measured.
    """

    TABLE: ClassVar[str] = "known_spectrum"
    cell: str = ""
    begun_ns: int
    ended_ns: int | None = None
    programme: str
    run: int
    cycle: int
    step: int
    name: str
    points: tuple[SpectrumPoint, ...] = ()
    begun_known_ns: int = field(default=0, compare=False)
    ended_known_ns: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[str, int]:
        """What is unique to it."""
        return self.cell, self.begun_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProgramme:
    """A programme that was started.

    Parameters
    ----------
    cell : str
        Channel; empty for the main cell.
    begun_ns : int
        UTC, ns since the epoch: when it was known to have started.
    hash : str
        Of its source.
    text : str
        JSON: all of it, compiled for the cell as it then was.
    """

    TABLE: ClassVar[str] = "started_programme"
    cell: str = ""
    begun_ns: int
    hash: str
    text: str

    @property
    def key(self) -> tuple[str, int]:
        """What is unique to it."""
        return self.cell, self.begun_ns


Kept = RealisedStep | Spectrum | KeptProgramme
_STEP = tuple(each.name for each in fields(RealisedStep))
_SPECTRUM = tuple(each.name for each in fields(Spectrum))
_PROGRAMME = tuple(each.name for each in fields(KeptProgramme))


def write(connection: sqlite3.Connection, entries: Sequence[Kept], complete_ns: int) -> None:
    """Write, over what was there under the same key, but for when that was known.

    A step or spectrum that has ended stays as it is: a service that was killed may have told an end that the memory of
    the next one does not hold, and what that one makes of it is less than was known.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    entries : sequence
        Of one day.
    complete_ns : int
        UTC, ns since the epoch, up to which the log is complete as yet.
    """
    for entry in entries:
        known = entry if isinstance(entry, KeptProgramme) else _known(connection, entry, complete_ns)
        if known is not None:
            row = _row(known)
            marks = ", ".join("?" * len(row))
            connection.execute(
                f"INSERT OR REPLACE INTO {known.TABLE} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
            )


def _known(
    connection: sqlite3.Connection, entry: RealisedStep | Spectrum, complete_ns: int
) -> RealisedStep | Spectrum | None:
    """Return an entry with the times up to which the log was complete; None for one whose end is there already."""
    points = "points" if isinstance(entry, Spectrum) else "'[]'"
    query = f"SELECT begun_known_ns, ended_ns, {points} FROM {entry.TABLE} WHERE cell = ? AND begun_ns = ?"
    begun_known_ns, ended_ns, before = connection.execute(query, entry.key).fetchone() or (complete_ns, None, "[]")
    if ended_ns is not None:
        return None
    if isinstance(entry, Spectrum):
        known = {point.time_ns: point.known_ns for point in _points(before)}
        points_known = (replace(point, known_ns=known.get(point.time_ns, complete_ns)) for point in entry.points)
        entry = replace(entry, points=tuple(points_known))
    return replace(entry, begun_known_ns=begun_known_ns, ended_known_ns=complete_ns)


def select(table: type[Kept], where: str) -> str:
    """Return a query for `step_of`, `spectrum_of` or `programme_of`."""
    return f"SELECT {', '.join(each.name for each in fields(table))} FROM {table.TABLE} WHERE {where}"


def step_of(row: Sequence[Any]) -> RealisedStep:
    """Return the step of a row."""
    return RealisedStep(**dict(zip(_STEP, row, strict=True)))


def spectrum_of(row: Sequence[Any]) -> Spectrum:
    """Return the spectrum of a row."""
    found = dict(zip(_SPECTRUM, row, strict=True))
    return Spectrum(**{**found, "points": _points(found["points"])})


def programme_of(row: Sequence[Any]) -> KeptProgramme:
    """Return the programme of a row."""
    return KeptProgramme(**dict(zip(_PROGRAMME, row, strict=True)))


def _points(text: str) -> tuple[SpectrumPoint, ...]:
    return tuple(SpectrumPoint(*point) for point in json.loads(text))


def _row(entry: Kept) -> dict[str, Any]:
    row = {each.name: getattr(entry, each.name) for each in fields(entry)}
    if isinstance(entry, Spectrum):
        row["points"] = json.dumps([astuple(point) for point in entry.points])
    return row
