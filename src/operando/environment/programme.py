"""The cell programme on the potentiostat: start, samples, charge, end; and one that was found running."""

import json
from collections.abc import Callable
from dataclasses import asdict
from queue import SimpleQueue

from operando.environment.axis import Change
from operando.environment.before import ProgrammeBefore
from operando.environment.charge import ChargeCount
from operando.errors import InstrumentError, RequestRefused
from operando.instruments.roles import Potentiostat, Sample
from operando.vocabulary import ConstantCurrentCycling, ProgrammeState, Quality, Reading

NS = 1_000_000_000
SHORTEST_PATIENCE = 5.0
"""s that a programme which was left running may be silent; its end may have come while no service listened."""
INTERVALS_OF_PATIENCE = 5.0
"""Of its sample interval."""
UNHEARD = "while no service listened: how is not known"
NOTHING = ProgrammeBefore()


class ProgrammeRunner:
    """Owns the potentiostat; `step` belongs to one thread.

    Parameters
    ----------
    potentiostat : Potentiostat
        The instrument; a script that it runs already is taken over as it is.
    programme : ConstantCurrentCycling
        What `start` starts.
    reading : callable
        Takes the name of a quantity and a `Reading`.
    show : callable
        Takes the name of a record and its value.
    note : callable
        Takes a line for the service's log.
    before : ProgrammeBefore
        How the service before left it.
    """

    def __init__(
        self,
        potentiostat: Potentiostat,
        programme: ConstantCurrentCycling,
        reading: Callable[[str, Reading], None],
        show: Callable[[str, str], None],
        note: Callable[[str], None],
        before: ProgrammeBefore = NOTHING,
    ) -> None:
        self._potentiostat = potentiostat
        self._programme = programme
        self._reading = reading
        self._show = show
        self._note = note
        self._last = before.count
        self._count: ChargeCount | None = None
        self._doubt = Quality.GOOD
        self._changes: SimpleQueue[Change] = SimpleQueue()
        self._unheard = self._was_running = before.state is ProgrammeState.RUNNING
        self._patience = max(SHORTEST_PATIENCE, INTERVALS_OF_PATIENCE * programme.sample_interval)
        self._silent = False
        self._first_look = True
        self.state = before.state
        self.latched = before.latched
        """After ``safe``: nothing is started until a reset."""
        if self.latched:
            self.tell(Change("safe"))  # the service before may have died with the current still on
        show("CELL:PROGRAMME", json.dumps(asdict(programme)))

    def tell(self, change: Change) -> None:
        """Have a change carried out at the next step; from any thread."""
        self._changes.put(change)

    def objection(self) -> str:
        """Return why no programme can be started now, or nothing."""
        if self.latched:
            return "the safe state is latched until somebody asks for reset"
        return "a programme is running" if self.state is ProgrammeState.RUNNING else ""

    def step(self, dt: float) -> None:
        """Carry out changes, take the samples that came, notice an end.

        Parameters
        ----------
        dt : float
            s since the last step; the charge is counted on the instrument's clock, not on this one.
        """
        try:
            while not self._changes.empty():
                self._obey(self._changes.get())
            self._listen()
            self._silent = False
        except (InstrumentError, RequestRefused) as error:
            if not self._silent:
                self._note(f"potentiostat: {error}")
            self._silent = True
        self._follow(dt)

    def facts(self) -> dict[str, object]:
        """Return what a restarted service must know."""
        return {"state": self.state.value, "latched": self.latched}

    def _listen(self) -> None:
        samples = [said for said in self._potentiostat.poll() if isinstance(said, Sample)]
        if self._first_look:
            # what waited on the line while the service started came at a time that nobody knows
            self._first_look = False
            return
        for sample in samples:
            self._take(sample)

    def _take(self, sample: Sample) -> None:
        part = (sample.cycle, sample.step)
        if self._count is None:
            self._count = self._found(sample)
        self._count = self._count.counted(sample.elapsed, sample.current, part)
        quality = sample.quality
        self._reading("voltage", Reading(sample.voltage, sample.time_ns, quality))
        self._reading("current", Reading(sample.current, sample.time_ns, quality))
        self._reading("charge", Reading(self._count.charge, sample.time_ns, max(quality, self._doubt)))
        self._reading("cycle", Reading(float(sample.cycle), sample.time_ns))
        self._reading("step", Reading(float(sample.step), sample.time_ns))

    def _found(self, sample: Sample) -> ChargeCount:
        """Begin to count in the middle of a programme that this service did not start."""
        begun_ns = sample.time_ns - round(sample.elapsed * NS)
        last = self._last
        if last is not None and begun_ns < last.time_ns <= sample.time_ns:
            self._note(
                f"potentiostat: a programme was running; taken over at {last.charge:.7f} A h, "
                f"{(sample.time_ns - last.time_ns) * 1e-9:.1f} s after the last sample"
            )
            return ChargeCount(last.charge, (last.time_ns - begun_ns) / NS, last.current, last.part)
        self._note("potentiostat: a programme was running; its charge is counted as if its current had never changed")
        self._doubt = Quality.SUSPECT
        return ChargeCount()

    def _follow(self, dt: float) -> None:
        """Move the state with what the instrument shows."""
        running, end = self._potentiostat.running(), self._potentiostat.ended()
        self._unheard = self._unheard and not running and end is None and self.state is ProgrammeState.RUNNING
        if running:
            self.state = ProgrammeState.RUNNING
        elif self._unheard and self._patience > 0:
            self._patience -= dt  # what the service before left running says so with its next sample
            running = True
        elif self._was_running and self.state is ProgrammeState.RUNNING:
            finished = end is not None and end.finished
            self.state = ProgrammeState.FINISHED if finished else ProgrammeState.FAULT
            self._note(f"potentiostat: the programme has ended: {self.state} {end.error if end else UNHEARD}".rstrip())
        self._was_running = running
        self._show("CELL:STATE", self.state.value)

    def _obey(self, change: Change) -> None:
        try:
            if change.field == "start":
                self._start()
            elif change.field in ("stop", "safe"):
                self.latched = self.latched or change.field == "safe"
                self._stop()
            elif change.field == "reset":
                self.latched = False
        except (InstrumentError, RequestRefused) as error:
            change.carried_out(str(error))
            if change.field == "safe":
                self._changes.put(change)  # again and again: current may flow
            raise
        change.carried_out()

    def _start(self) -> None:
        self._potentiostat.start(self._programme)
        self._count, self._doubt = ChargeCount(), Quality.GOOD
        self.state, self._was_running = ProgrammeState.RUNNING, True
        self._show("CELL:STATE", self.state.value)  # before anybody is told that it was started

    def _stop(self) -> None:
        self._potentiostat.cell_off()
        self._listen()
        self.state, self._was_running = ProgrammeState.STOPPED, False
