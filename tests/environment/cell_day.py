"""A service's part for one cell, on the driver, the simulated instrument and a cell, in virtual time."""

import json
import tomllib
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from instruments.virtual_bench import Bench
from numpy.typing import NDArray

import operando.configs
from operando.config.programme import INSTRUMENTS, CellFacts, Facts, compile_programme, hastened, validated
from operando.environment.axis import Change
from operando.environment.cell import CellNames, ProgrammeRunner, Recollection
from operando.environment.cell.facts import CellFacts as Mounted
from operando.environment.cell.facts import telling
from operando.environment.cell.recollection import recollection
from operando.history import EnvironmentHistory, EnvironmentLog, RealisedStep
from operando.instruments import EmStat4
from operando.sim.cell.electrochemistry import Electrochemistry
from operando.vocabulary import CellProgramme, ProgrammeState, Reading

NS = 1_000_000_000
SPEED, INTERVAL, MASS = 100.0, 0.1, 3.927e-3
POLL = 0.2  # s
MOST_CURRENT = 0.109  # A that the simulated instrument gives, by its range
PROGRAMMES = Path(operando.configs.__file__).parent / "programmes"


if TYPE_CHECKING:
    from operando.records import Value


class Witnessed(Electrochemistry):
    """A cell that writes down when something else was done to it, and when it was beyond its limits."""

    def __init__(self) -> None:
        self.clock, self.done, self.highest = 0.0, [(0.0, "open", 0.0)], 0.0
        self.counted = [0.0]  # A h that had passed at each of these
        super().__init__(10.0, 0.7854, 0.62, SPEED, active_mass=MASS)

    def step(self, dt: float) -> None:
        super().step(dt)
        self.clock += dt
        # The simulated potentiostat limits its current once a step of the physics; a double layer, 100 times too fast,
        # is charged in less, and the voltage behind it is the simulator's, not the programme's.
        if abs(self.current) < MOST_CURRENT:
            self.highest = max(self.highest, self.voltage)

    def impose_current(self, ampere: float) -> None:
        super().impose_current(ampere)
        self._note("current", ampere)

    def hold_voltage(self, volts: float) -> None:
        super().hold_voltage(volts)
        self._note("voltage", volts)

    def open(self) -> None:
        super().open()
        self._note("open", 0.0)

    def _note(self, what: str, value: float) -> None:
        if self.done[-1][1:] != (what, value):
            self.done.append((self.clock, what, value))
            self.counted.append(self.passed)

    def lived(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return when one thing after the other was done to it, s, and what had passed by then, A h; the end as well.

        What lasted no time is left out: the circuit is open for an instant between two steps.
        """
        times = np.array([time for time, _, _ in self.done])
        lasting = np.append(np.diff(times) > 0.0, True)
        return times[lasting], np.array(self.counted)[lasting]


def programme(name: str = "nmc811_cc_cv_eis.toml", passes: int = 3) -> CellProgramme:
    written = hastened(tomllib.loads((PROGRAMMES / name).read_text(encoding="utf-8")), SPEED, INTERVAL)
    written["steps"][0]["passes"] = passes
    facts = Facts(CellFacts(0.62, 0.7854e-3, MASS), INSTRUMENTS["emstat4"], (15.0, 100.0))
    return compile_programme(validated(written, name), facts)


class ShortOfMemory(Bench):
    """A line that forgets what nobody took from it."""

    def keep(self, bytes_kept: int) -> None:
        self._incoming = self._incoming[:bytes_kept]


class Day:
    """A service's part for one cell, on a log of its own; it can be killed and started again."""

    def __init__(self, folder: Path, whole: CellProgramme) -> None:
        self.cell = Witnessed()
        self.bench = ShortOfMemory(self.cell, clock_error=30e-6)
        self.folder, self.whole = folder, whole
        self.shown: dict[str, Value] = {}
        self.notes: list[str] = []
        self.celsius = 25.0
        self.start_service()

    def start_service(self, known: Recollection | None = None) -> None:
        self.log = log = EnvironmentLog(self.folder)

        def sample(found: dict[str, Reading]) -> None:
            for name, reading in found.items():
                log.append(name, reading)

        told = telling(CellNames(), sample, log.append, self.shown.__setitem__, self.notes.append, log.keep)
        self.driver = EmStat4(self.bench, now_ns=self.bench.now_ns)
        self.runner = ProgrammeRunner(
            self.driver, self.whole, told, Mounted("cell", MASS, 1.08e-3), before=known or Recollection(),
            temperature=lambda: Reading(self.celsius, self.bench.now_ns()), compiled=lambda _: self.whole,
            now_ns=self.bench.now_ns,
        )  # fmt: skip
        self.runner.step(POLL)

    def kill(self, away: float) -> None:
        """End the service without a word; start another a while later."""
        self.log.commit(self.bench.now_ns() + NS)
        facts = json.loads(json.dumps(dict(self.runner.facts())))
        self.log.close()
        self.bench.pass_time(away)
        self.bench.close()  # what waited on the line is lost with the port
        with closing(EnvironmentHistory(self.folder)) as history:
            known = recollection(facts, history, "cell")
        self.start_service(known)

    def tell(self, field: str) -> None:
        change = Change(field, done=Future())
        self.runner.tell(change)
        self.runner.step(POLL)
        assert change.done is not None
        assert change.done.result(0) == ""

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / POLL)):
            self.bench.pass_time(POLL)
            self.runner.step(POLL)

    def run_until(self, state: ProgrammeState, longest: float = 3000.0) -> None:
        begun = self.bench.now
        while self.runner.state is not state:
            assert self.bench.now - begun < longest, self.notes
            self.run(POLL)

    def run_until_over(self) -> None:
        while self.runner.state is ProgrammeState.RUNNING:
            self.run(10 * POLL)

    def finish(self) -> EnvironmentHistory:
        self.run_until(ProgrammeState.FINISHED)
        return self.closed()

    def closed(self) -> EnvironmentHistory:
        """Close the log, and return it to be read."""
        self.log.close(self.bench.now_ns() + NS)
        return EnvironmentHistory(self.folder)


def everything(history: EnvironmentHistory) -> tuple[float, list[RealisedStep]]:
    """Return the charge at the end, A h, and every step."""
    charge = history.last("charge")
    assert charge is not None
    return charge.value, history.steps(0, 2**62)


def throughput(steps: list[RealisedStep]) -> float:
    return sum(abs(step.charge or 0.0) for step in steps)
