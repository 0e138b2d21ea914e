"""What a runner must know of its cell, and the names under which it speaks."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from operando.history import KeptProgramme, RealisedStep, Spectrum
from operando.records import Value
from operando.vocabulary import Reading, cell_subsystem, of_channel

LONG_TEXT = 65_536
"""Bytes of the records of a compiled programme, and of a spectrum, as JSON."""


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What charge is related to.

    Parameters
    ----------
    name : str
        Of the cell; charge that was extracted is remembered for it until another cell is mounted.
    active_mass : float
        g; not a number where it is not known.
    theoretical_capacity : float
        A h; not a number where it is not known.
    """

    name: str = ""
    active_mass: float = math.nan
    theoretical_capacity: float = math.nan


@dataclass(frozen=True, slots=True)
class CellNames:
    """Where a cell is found in records and log.

    Parameters
    ----------
    channel : str
        Capital letters and digits; empty for the main cell.
    """

    channel: str = ""

    @property
    def subsystem(self) -> str:
        """Of its records: ``CELL`` or ``CELL_B``."""
        return cell_subsystem(self.channel)

    def quantity(self, name: str) -> str:
        """Return the name of a quantity in the log: ``voltage`` or ``voltage_b``."""
        return of_channel(name, self.channel)

    def record(self, name: str) -> str:
        """Return the name of a record: ``CELL:STATE`` or ``CELL_B:STATE``."""
        return f"{self.subsystem}:{name}"


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom a runner tells; nothing of it blocks.

    Parameters
    ----------
    sample : callable
        Takes everything of one sample: readings by the names of quantities, or facts, without a channel.
    reading : callable
        Takes the name of a quantity, without a channel, and a reading that belongs to no sample.
    show : callable
        Takes the name of a record, without its subsystem, and its value.
    note : callable
        Takes a line for the service's log.
    keep : callable
        Takes what goes into the tables of the environment log.
    """

    sample: Callable[[Mapping[str, Reading]], None]
    reading: Callable[[str, Reading], None]
    show: Callable[[str, Value], None]
    note: Callable[[str], None]
    keep: Callable[[RealisedStep | Spectrum | KeptProgramme], None]


def telling(
    names: CellNames,
    sample: Callable[[Mapping[str, Reading]], None],
    reading: Callable[[str, Reading], None],
    show: Callable[[str, Value], None],
    note: Callable[[str], None],
    keep: Callable[[RealisedStep | Spectrum | KeptProgramme], None],
) -> Telling:
    """Return who is told, under the names of a channel."""
    return Telling(
        lambda found: sample({names.quantity(name): reading for name, reading in found.items()}),
        lambda quantity, found: reading(names.quantity(quantity), found),
        lambda record, value: show(names.record(record), value),
        (lambda text: note(f"cell {names.channel}: {text}")) if names.channel else note,
        keep,
    )
