"""The three subsystems on instruments in memory with the shipped interlocks over them, in virtual time."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from environment.small_rig import PERIOD, SETTINGS, FakeController, Rig
from environment.talking_potentiostat import TalkingPotentiostat

import operando.configs
from operando.config import load
from operando.environment.axis import Change
from operando.environment.before import AxisBefore
from operando.environment.blackbox import BlackBox
from operando.environment.cell import CellFacts, CellNames, ProgrammeRunner
from operando.environment.cell.facts import telling
from operando.environment.interlock_table import interlock_table
from operando.environment.interlocks import Acting, Interlocks
from operando.environment.open_circuit import OpenCircuit
from operando.environment.pressure import PressureLoop
from operando.environment.publication import Publication
from operando.environment.temperature import TemperatureLoop
from operando.history import EnvironmentLog
from operando.instruments.roles import Sample
from operando.vocabulary import Mode, Quality, Reading

CONFIG = load(Path(operando.configs.__file__).parent / "simulated.toml")
LOOK = 10  # steps between two looks at the heater
FOUND = 98.0  # MPa
PUSH = 2.0  # MPa in a step: faster than the drive can answer, slow enough to be believed


@dataclass
class Told:
    """Passes changes on, and writes down who was told what, in order."""

    name: str
    to: Callable[[Change], None]
    story: list[str]

    def tell(self, change: Change) -> None:
        self.story.append(f"{self.name} {change.field}{' ' if change.text else ''}{change.text}")
        self.to(change)


@dataclass
class Recorded:
    """Takes the place of the record server."""

    values: dict[str, Any] = field(default_factory=dict)

    def publish(self, name: str, value: float | str, time_ns: int | None, quality: Quality) -> None:
        self.values[name] = value


class Guarded:
    """Everything that a trip acts on, stepped as the service steps it."""

    def __init__(self, root: Path, before: Mapping[str, Any] | None = None, mode: Mode = Mode.CLOSED_LOOP) -> None:
        self.rig, self.controller, self.potentiostat = Rig(), FakeController(), TalkingPotentiostat()
        self.story: list[str] = []
        self.lines: list[str] = []
        self.rig.plant.offset += FOUND - self.rig.plant.pressure
        self.rig.plant.truth = [FOUND]
        self.seconds = self.pushing = 0.0
        self._steps = 0
        self.root = root
        self.log = EnvironmentLog(root / "environment")
        self.publication = Publication(self.log, lambda: self.rig.now_ns)
        told = self.publication
        self.pressure = PressureLoop(
            self.rig,
            self.rig,
            SETTINGS,
            lambda axis: told.axis("stack_pressure", "piezo_drive", "PRESSURE", axis),
            self._note,
            AxisBefore(mode=mode),
            now_ns=lambda: self.rig.now_ns,
        )
        self.temperature = TemperatureLoop(
            self.controller,
            CONFIG.heater,
            lambda axis: told.axis("temperature", "heater_drive", "TEMPERATURE", axis),
            self._note,
            now_ns=lambda: self.rig.now_ns,
        )
        names = CellNames()
        spoken = telling(names, told.sample, told.reading, told.show, self._note, self.log.keep)
        self.programme = ProgrammeRunner(
            self.potentiostat,
            CONFIG.compiled_programme(),
            spoken,
            CellFacts(),
            names,
            verifier=OpenCircuit(self.potentiostat, spoken.show, spoken.note),
            now_ns=lambda: self.rig.now_ns,
        )
        self.box = BlackBox(root / "blackbox", lambda: self.seconds, lambda: self.rig.now_ns)
        self.interlocks = Interlocks(
            interlock_table(CONFIG),
            Acting(
                {"": Told("current", self.programme.tell, self.story)},
                Told("heat", self.temperature.tell, self.story),
                Told("pressure", self.pressure.tell, self.story),
            ),
            told,
            self.box,
            before or {},
            now_ns=lambda: self.rig.now_ns,
        )
        told.watch(self.interlocks)

    def run(self, seconds: float) -> "Guarded":
        """Let virtual time pass."""
        for _ in range(round(seconds / PERIOD)):
            self.pressure.step(PERIOD)
            self.interlocks.step(PERIOD)
            self.programme.step(PERIOD)
            if self._steps % LOOK == 0 or self.temperature.told.is_set():
                self.temperature.told.clear()
                self.controller.now_ns = self.rig.now_ns
                self.temperature.step(PERIOD)
            self.box.look()
            push = max(-PUSH, min(PUSH, self.pushing))
            self.rig.plant.offset += push
            self.pushing -= push
            self.rig.plant.run(PERIOD, 0.0)
            self.rig.now_ns += round(PERIOD * 1e9)
            self.seconds += PERIOD
            self._steps += 1
        return self

    def push(self, megapascals: float) -> None:
        """Have the true pressure raised by something that is not on this rig."""
        self.pushing += megapascals

    def sample(self, voltage: float, current: float = 200e-6, step: int = 1) -> None:
        """Put a sample of the cell down."""
        now = self.rig.now_ns
        self.potentiostat.said.append(Sample(voltage, current, self.seconds + 1.0, 1, step, 0, now, now, run=1))

    @property
    def switched_off(self) -> int:
        """How often the cell was switched off."""
        return self.potentiostat.story.count("cell_off")

    def fact(self, name: str, value: float) -> None:
        self.publication.fact(name, Reading(value, self.rig.now_ns))

    def ask_for_reset(self) -> str:
        """Reset as the desk does, in a thread of its own; return why not, or nothing."""
        if objection := self.interlocks.objection_to_reset():
            return objection
        done: Future[str] = Future()
        asking = Thread(target=self.interlocks.tell, args=(Change("reset", id="1", done=done),))
        asking.start()
        while not done.done():
            self.run(PERIOD)
            asking.join(0.001)
        asking.join()
        return done.result()

    def records(self) -> dict[str, Any]:
        """Return what is served."""
        recorded = Recorded()
        self.publication.close()
        self.publication.serve(recorded)
        return recorded.values

    def _note(self, text: str) -> None:
        self.lines.append(text)
        self.publication.note(text)
