"""The cells of an endstation: for each a runner, a thread and a line of its own; they share no lock."""

import math
import threading
from collections.abc import Callable, Mapping

from operando.config import Endstation
from operando.config.cell import Cell
from operando.environment.cell import CellFacts, CellNames, ProgrammeRunner
from operando.environment.cell.facts import telling
from operando.environment.cell.recollection import recollection
from operando.environment.equipment import Equipment
from operando.environment.loading import compiler
from operando.environment.memory import Facts
from operando.environment.open_circuit import OpenCircuit
from operando.environment.publication import Publication
from operando.environment.schedule import Schedule, until
from operando.environment.takeover import Before
from operando.history import EnvironmentHistory, EnvironmentLog
from operando.vocabulary import Reading, of_channel

LISTEN_INTERVAL = 0.02
"""s between two looks at a potentiostat's line: what a sample waits there is the error of its time."""
NOT_A_NUMBER = math.nan


class Cells:
    """Makes the runner of each cell, and says what they share: nothing but queues that never block.

    Parameters
    ----------
    config : Endstation
        What the endstation is.
    equipment : Equipment
        The potentiostats, open.
    publication : Publication
        Takes samples, records and lines.
    log : EnvironmentLog
        Takes steps and spectra.
    before : Before
        What the service before remembered.
    history : EnvironmentHistory
        What it logged.
    temperature : callable
        Returns the last reading at the cell in the press, °C, or None.
    """

    def __init__(
        self,
        config: Endstation,
        equipment: Equipment,
        publication: Publication,
        log: EnvironmentLog,
        before: Before,
        history: EnvironmentHistory,
        temperature: Callable[[], Reading | None],
    ) -> None:
        mounted: dict[str, Cell] = {"": config.cell, **{channel.name: channel.cell for channel in config.channels}}
        programmes = config.compiled_programmes()
        self.runners: dict[str, ProgrammeRunner] = {}
        """By the channel; empty for the cell in the press."""
        for channel, potentiostat in equipment.potentiostats.items():
            names, cell = CellNames(channel), mounted[channel]
            told = telling(names, publication.sample, publication.reading, publication.show, publication.note, log.keep)
            self.runners[channel] = ProgrammeRunner(
                potentiostat,
                programmes[channel],
                told,
                _facts(cell),
                names,
                recollection(before.facts(remembered(channel)), history, cell.name, channel),
                temperature if not channel else _nobody,
                OpenCircuit(potentiostat, told.show, told.note),
                compiler(config, channel),
            )

    def workers(self, stop: threading.Event) -> dict[str, Callable[[], None]]:
        """Return what each thread runs until told to stop, by the thread's name."""

        def run(runner: ProgrammeRunner) -> Callable[[], None]:
            return lambda: Schedule(LISTEN_INTERVAL, until(stop)).run(runner.step)

        return {f"programme {channel}".rstrip(): run(runner) for channel, runner in self.runners.items()}

    def facts(self) -> Mapping[str, Callable[[], Facts]]:
        """Return who tells what a restarted service must know, by the name of what is remembered."""
        return {remembered(channel): runner.facts for channel, runner in self.runners.items()}

    def by_subsystem(self) -> dict[str, ProgrammeRunner]:
        """Return the runners by the subsystem of their records."""
        return {CellNames(channel).subsystem: runner for channel, runner in self.runners.items()}


def remembered(channel: str) -> str:
    """Return under which name a cell is remembered.

    Examples
    --------
    >>> remembered(""), remembered("B")
    ('cell', 'cell_b')
    """
    return of_channel("cell", channel)


def _facts(cell: Cell) -> CellFacts:
    theory = cell.theoretical_capacity
    return CellFacts(
        cell.name,
        NOT_A_NUMBER if cell.active_mass_mg is None else cell.active_mass_mg / 1000.0,
        NOT_A_NUMBER if theory is None else theory / 1000.0,
    )


def _nobody() -> None:
    """Return no temperature: a cell that is not in the press is heated by nobody here."""
