"""A potentiostat in memory that says what the test has it say, in the words of the roles."""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from environment.small_rig import START_NS

from operando.environment.axis import Change
from operando.environment.cell import CellFacts, CellNames, ProgrammeRunner, Recollection
from operando.environment.cell.facts import telling
from operando.errors import InstrumentError, RequestRefused
from operando.history import KeptProgramme, RealisedStep, Spectrum
from operando.instruments.roles import (
    ClockReading,
    ImpedancePoint,
    ProgrammeEnd,
    Said,
    Sample,
    StepEnd,
)
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Position,
    ProgrammeState,
    Reading,
    Rest,
    Safety,
)

if TYPE_CHECKING:
    from operando.records import Value

NS = 1_000_000_000
UPPER, LOWER = End(Limit.VOLTAGE, 3.68), End(Limit.VOLTAGE, 2.18, below=True)
TAPER, HOUR = End(Limit.CURRENT, 0.01, below=True), End(Limit.TIME, 3600.0)
CHARGE = ConstantCurrent(number=1, name="charge", ends=(UPPER, HOUR), sample_interval=1.0, current=0.1)
HOLD = ConstantVoltage(
    number=2, name="hold", ends=(TAPER, HOUR), sample_interval=1.0, voltage=3.68, current_limit=0.1
)  # fmt: skip
WARM = End(Limit.TEMPERATURE, 45.0)
REST = Rest(number=3, name="rest", ends=(WARM, End(Limit.MEASUREMENT), HOUR), sample_interval=1.0)
DISCHARGE = ConstantCurrent(number=4, name="discharge", ends=(LOWER, HOUR), sample_interval=1.0, current=-0.1)
EIS = Impedance(
    number=5, name="eis", ends=(HOUR,), sample_interval=1.0, galvanostatic=False, amplitude=0.01, bias=None,
    high_frequency=1e4, low_frequency=1.0, points_per_decade=5, current_limit=0.1,
)  # fmt: skip
PROGRAMME = CellProgramme(
    "cycles", (Loop(3, (CHARGE, HOLD, REST, DISCHARGE, EIS), cycles=True),), Safety(), "text", "abc", 0.62
)
FACTS = CellFacts("cell 1", active_mass=0.01, theoretical_capacity=2.75e-3)


@dataclass
class TalkingPotentiostat:
    """What it is told is open to the test; what it says is put down by it."""

    said: list[Said] = field(default_factory=list)
    is_running: bool = False
    end: ProgrammeEnd | None = None
    failing: InstrumentError | None = None
    refusing: InstrumentError | None = None
    story: list[str] = field(default_factory=list)
    started: list[tuple[CellProgramme, Position]] = field(default_factory=list)
    rested: list[Position] = field(default_factory=list)
    adopted: list[CellProgramme] = field(default_factory=list)

    can = frozenset({"rest", "constant_current", "constant_voltage", "impedance"})
    current_limit = 0.1

    def start(self, programme: CellProgramme, at: Position = Position()) -> None:  # noqa: B008 - as in the role
        self._fail()
        if self.refusing:
            raise self.refusing
        self.story.append("start")
        self.started.append((programme, at))
        self.is_running, self.end = True, None

    def adopt(self, programme: CellProgramme) -> None:
        self.adopted.append(programme)

    def poll(self) -> list[Said]:
        self._fail()
        found, self.said = self.said, []
        self.is_running = self.is_running or bool(found)
        return found

    def end_step(self) -> None:
        self._fail()
        self.story.append("end_step")

    def rest(self, interval: float, at: Position = Position()) -> None:  # noqa: B008 - as in the role
        self._fail()
        self.story.append("rest")
        self.rested.append(at)
        self.is_running, self.end = True, None

    def running(self) -> bool:
        return self.is_running

    def ended(self) -> ProgrammeEnd | None:
        return self.end

    def clock(self) -> ClockReading | None:
        return ClockReading(START_NS, 2e-5, 1e-6, 1_000_000, False)

    def abort(self) -> None:
        self._fail()
        self.story.append("abort")
        self.is_running, self.end = False, ProgrammeEnd(False)

    def cell_off(self) -> None:
        self._fail()
        self.story.append("cell_off")
        self.is_running, self.end = False, ProgrammeEnd(False)

    def verify_open(self) -> float:
        return 3.2

    def finish(self, error: str = "") -> None:
        self.is_running, self.end = False, ProgrammeEnd(not error, error)

    def _fail(self) -> None:
        if self.failing:
            raise self.failing


class Watch:
    """What happened to the runner's verifier."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.open = True

    def begun(self) -> None:
        self.story.append("begun")

    def cannot(self, why: str) -> None:
        self.story.append(f"cannot: {why}")

    def verify(self) -> bool:
        self.story.append("verify")
        return self.open


class Bench:
    """A runner on such a potentiostat; the instrument's clock goes on by hand."""

    def __init__(
        self,
        before: Recollection | None = None,
        running: bool = False,
        channel: str = "",
        compiling: dict[str, CellProgramme] | None = None,
    ) -> None:
        self.potentiostat = TalkingPotentiostat(is_running=running)
        self.samples: list[dict[str, Reading]] = []
        self.others: list[tuple[str, Reading]] = []
        self.shown: dict[str, Value] = {}
        self.notes: list[str] = []
        self.kept: list[RealisedStep | Spectrum | KeptProgramme] = []
        self.temperature: Reading | None = None
        self.zero_ns = self.now_ns = START_NS
        self.elapsed = self.own = 0.0
        self.run = 0
        self.verifier = Watch()
        self.compiling = {PROGRAMME.source: PROGRAMME} if compiling is None else compiling
        names = CellNames(channel)
        told = telling(
            names, lambda found: self.samples.append(dict(found)),
            lambda name, found: self.others.append((name, found)), self.shown.__setitem__, self.notes.append,
            self.kept.append,
        )  # fmt: skip
        self.runner = ProgrammeRunner(
            self.potentiostat, PROGRAMME, told, FACTS, names, before or Recollection(),
            lambda: self.temperature, self.verifier, self.compiled, lambda: self.now_ns,
        )  # fmt: skip
        self.step()

    def step(self, dt: float = 0.02) -> None:
        self.runner.step(dt)

    def compiled(self, text: str) -> CellProgramme:
        if text not in self.compiling:
            raise RequestRefused(f"{text!r} is no programme")
        return self.compiling[text]

    def tell(self, field: str, text: str = "") -> str:
        """Have a change carried out; return why it was not."""
        done: Future[str] = Future()
        self.runner.tell(Change(field, done=done, text=text))
        self.step()
        return done.result(0)

    def start(self) -> None:
        """Start, as the instrument would: its clock begins anew."""
        assert self.tell("start") == ""
        self._script()

    def pause(self) -> None:
        """Pause; the instrument's rest is a script of its own."""
        assert self.tell("pause") == ""
        self.zero_ns, self.elapsed, self.own = self.now_ns, 0.0, 0.0

    def resume(self) -> None:
        assert self.tell("resume") == ""
        self._script()

    def _script(self) -> None:
        _, at = self.potentiostat.started[-1]
        self.run, self.zero_ns, self.elapsed, self.own = at.run, self.now_ns, 0.0, 0.0

    def pass_time(self, seconds: float) -> None:
        self.elapsed += seconds
        self.now_ns += round(seconds * NS)

    def begin(self) -> None:
        """Begin the next step, as the instrument counts them."""
        self.run += 1
        self.own = 0.0

    def sample(self, step: int, current: float, cycle: int = 1, voltage: float = 3.2, seconds: float = 1.0) -> None:
        """Have a sample said, ``seconds`` after what was said before."""
        self.pass_time(seconds)
        self.own += current * seconds / 3600.0
        stamp = self.zero_ns + round(self.elapsed * NS)
        self.potentiostat.said.append(
            Sample(voltage, current, self.elapsed, cycle, step, 0, stamp, stamp, self.run, self.own, 500_000)
        )

    def end(self, step: int, end: End | None, cycle: int = 1, safety: str = "", complete: bool = False) -> None:
        stamp = self.zero_ns + round(self.elapsed * NS)
        self.potentiostat.said.append(
            StepEnd(cycle, step, self.run, end, self.elapsed, stamp, safety, complete, step_charge=self.own)
        )

    def point(self, frequency: float, cycle: int = 1) -> None:
        self.pass_time(1.0)
        stamp = self.zero_ns + round(self.elapsed * NS)
        self.potentiostat.said.append(
            ImpedancePoint(frequency, 5.0, -1.0, self.elapsed, cycle, 5, self.run, stamp, 0)
        )  # fmt: skip

    def do(self, step: int, current: float, seconds: int, end: End | None, cycle: int = 1) -> None:
        """Do a whole step."""
        self.begin()
        for _ in range(seconds):
            self.sample(step, current, cycle)
            self.step()
        self.end(step, end, cycle)
        self.step()

    def values(self, quantity: str) -> list[float]:
        told = [found[quantity] for found in self.samples if quantity in found]
        told += [found for name, found in self.others if name == quantity]
        return [reading.value for reading in sorted(told, key=lambda reading: reading.time_ns)]

    @property
    def steps(self) -> list[RealisedStep]:
        """The rows of the log, as they were last written."""
        rows = {row.begun_ns: row for row in self.kept if isinstance(row, RealisedStep)}
        return [rows[begun] for begun in sorted(rows)]

    @property
    def state(self) -> ProgrammeState:
        return self.runner.state
