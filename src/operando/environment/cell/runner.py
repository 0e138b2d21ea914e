"""The cell programme on its potentiostat: start, pause, resume, stop, ends told by the host, and one found running."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

from operando.environment.axis import Change
from operando.environment.cell.book import programme_json
from operando.environment.cell.choice import Choice, nothing_else
from operando.environment.cell.facts import CellFacts, CellNames, Telling
from operando.environment.cell.hosted import Hosted
from operando.environment.cell.ledger import tell_clock
from operando.environment.cell.objections import objection
from operando.environment.cell.progress import UNKNOWN, Progress
from operando.environment.cell.recollection import Recollection
from operando.environment.cell.script import Script
from operando.environment.cell.silence import Silence, patience
from operando.environment.cell.verifier import Verifier
from operando.environment.cell.waited import dated
from operando.errors import BadReply, InstrumentError, NoReply, RequestRefused
from operando.instruments.roles import Potentiostat, Said
from operando.vocabulary import CellProgramme, Position, ProgrammeState, Reading, plain

PAUSE_INTERVAL = 0.5
"""s between two samples of a cell that rests in a pause."""
SLOWLY = 1.0
"""s between two looks at what changes slowly, and between two attempts."""
SHORTEST_PATIENCE = 5.0
"""s that a programme which was left running may be silent; its end may have come while no service listened."""
UNACKNOWLEDGED = "its start was not acknowledged"
"""As a change, and as what it says in the record: whatever may have begun is switched off."""
UNHEARD = "while no service listened: how is not known"
NOTHING = Recollection()
UNKNOWN_CELL = CellFacts()
MAIN = CellNames()


class ProgrammeRunner:
    """Owns the potentiostat; `step` belongs to one thread.

    Parameters
    ----------
    potentiostat : Potentiostat
        The instrument; a script that it runs already is taken over as it is.
    programme : CellProgramme
        What `start` starts.
    telling : Telling
        Who is told.
    facts : CellFacts
        What charge is related to.
    names : CellNames
        Of the channel.
    before : Recollection
        How the service before left it.
    temperature : callable
        Returns the last reading at the cell, °C, or None.
    verifier : Verifier, optional
        Reads the safe state back.
    compiled : callable
        Takes the text of another programme and returns it compiled; raises `RequestRefused`.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(
        self,
        potentiostat: Potentiostat,
        programme: CellProgramme,
        telling: Telling,
        facts: CellFacts = UNKNOWN_CELL,
        names: CellNames = MAIN,
        before: Recollection = NOTHING,
        temperature: Callable[[], Reading | None] = lambda: None,
        verifier: Verifier | None = None,
        compiled: Callable[[str], CellProgramme] = nothing_else,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._potentiostat, self._telling = potentiostat, telling
        self._choice = Choice(programme, compiled, before)
        self._progress = Progress(facts, names, telling, before)
        self._hosted, self._silence = Hosted(temperature), Silence()
        self._verifier, self._now_ns = verifier, now_ns
        self._changes: SimpleQueue[Change] = SimpleQueue()
        self._stands = self._choice.stands
        self._first_look, self._held = True, list[Said]()
        self._unheard = self._was_running = before.state is ProgrammeState.RUNNING
        self._patience = SHORTEST_PATIENCE
        self._complained, self._lost = "", False
        self._unverified = self._doubted = False
        self._waited = 0.0
        self.state = before.state
        self.latched = before.latched
        """After ``safe``: nothing is started until a reset."""
        self._snapshot: dict[str, Any] = {}
        self._plain: tuple[CellProgramme, dict[str, Any]] | None = None
        if self.latched:
            self.tell(Change("safe"))  # the service before may have died with the current still on
        for complaint in self._choice.complaints:
            telling.note(complaint)
        self._take_over(before)
        self._remember()

    def tell(self, change: Change) -> None:
        """Have a change carried out at the next step; from any thread."""
        self._changes.put(change)

    def objection(self, field: str = "start") -> str:
        """Return why something cannot be asked for now, or nothing; from any thread."""
        if field in ("pause", "end_step") and self._unheard:
            return "nothing was heard of the programme yet, since this service was started"
        return objection(field, self.state, self.latched, self._progress.step, self._stands)

    def step(self, dt: float) -> None:
        """Carry out changes, take what came, end steps that wait for the host, notice silence and the end.

        Parameters
        ----------
        dt : float
            s since the last step; charge is counted on the instrument's clock, not on this one.
        """
        self._waited += dt
        self._lost = False
        try:
            while not self._changes.empty():
                self._obey(self._changes.get())
            self._listen()
            self._end_hosted()
            self._complained = ""
        except (InstrumentError, RequestRefused) as error:
            self._lost = not isinstance(error, BadReply | RequestRefused)
            if not self._complained:
                whose = "potentiostat" if isinstance(error, InstrumentError) else "cell programme"
                self._telling.note(f"{whose}: {error}")
            self._complained = str(error)
        self._follow(dt)
        self._notice_silence(dt)
        if self._waited >= SLOWLY:
            self._waited = 0.0
            self._look_slowly()

    def facts(self) -> Mapping[str, object]:
        """Return what a restarted service must know; from any thread."""
        return self._snapshot

    def _take_over(self, before: Recollection) -> None:
        """Go on with what the service before had begun, as far as it told."""
        known = before.script and before.state in (ProgrammeState.RUNNING, ProgrammeState.PAUSED)
        if known and before.script:
            self._potentiostat.adopt(before.script.remaining)
            self._patience = max(self._patience, *(3 * patience(step) for step in before.script.whole.steps))
        self._show_programme(before.script.whole if known and before.script else self._choice.programme)
        self._telling.show("STATE", self.state.value)

    def _show_programme(self, programme: CellProgramme) -> None:
        self._telling.show("PROGRAMME", programme_json(programme))

    def _listen(self) -> None:
        found = self._potentiostat.poll()
        if self._first_look:
            # what waited on the line while the service started came at a time that only later packets tell
            self._first_look, self._held = False, found
            return
        if self._held and (found or self._potentiostat.ended()):
            held, self._held = self._held, []
            for said in dated(held, found[0] if found else None):
                self._progress.take(said, logged=False)
        for said in found:
            self._progress.take(said)
        if found:
            self._silence.heard()
            self._remember()

    def _end_hosted(self) -> None:
        progress = self._progress
        if self.state is not ProgrammeState.RUNNING or progress.step is None or progress.asked(progress.run):
            return
        if how := self._hosted.met(progress.step, self._now_ns()):
            self._end_step(how)

    def _end_step(self, how: str) -> None:
        self._potentiostat.end_step()
        self._progress.ask(how)

    def _follow(self, dt: float) -> None:
        """Move the state with what the instrument shows."""
        running, end = self._potentiostat.running(), self._potentiostat.ended()
        self._unheard = self._unheard and not running and end is None and self.state is ProgrammeState.RUNNING
        if running:
            self.state = ProgrammeState.PAUSED if self._progress.pausing else ProgrammeState.RUNNING
        elif self._unheard and self._patience > 0:
            self._patience -= dt  # what the service before left running says so with its next sample
            running = True
        elif self._was_running and self.state is ProgrammeState.RUNNING:
            self._ended(end is not None and end.finished, end.error if end else UNHEARD)
        self._was_running = running
        self._telling.show("STATE", self.state.value)
        self._telling.show("PAUSE", int(self.state is ProgrammeState.PAUSED))

    def _ended(self, finished: bool, error: str) -> None:
        progress, now_ns = self._progress, self._now_ns()
        self._unverified = True  # it says that it ended; that the circuit is open is read back, as after a stop
        safety = f"safety: {progress.safety}" if progress.safety else ""
        if finished and not safety:
            self.state, self._stands = ProgrammeState.FINISHED, None
        else:
            self.state = ProgrammeState.FAULT
            self._stands = progress.interrupt(error or safety or "not said", now_ns)
        progress.finish(error, now_ns)
        self._telling.show("STEP_NAME", "")
        self._telling.note(f"potentiostat: the programme has ended: {self.state} {safety or error}".rstrip())
        self._remember()

    def _notice_silence(self, dt: float) -> None:
        if not self._potentiostat.running() or self._unheard:
            self._silence.heard()
        elif self._silence.missed(dt, self._progress.awaited() or UNKNOWN, self._lost):
            self._progress.silence(self._now_ns())

    def _look_slowly(self) -> None:
        """Tell the clock's drift, the age of a rest that has no samples, and whether the circuit is seen to be open."""
        now_ns = self._now_ns()
        clock = self._potentiostat.clock()
        if clock is not None and math.isfinite(clock.drift) and self._potentiostat.running():
            tell_clock(self._telling, clock, now_ns)
        age = self._progress.account.rest_age(now_ns)
        if not self._potentiostat.running() and math.isfinite(age):
            self._telling.reading("rest_age", Reading(max(age, 0.0), now_ns))
        if self._unverified and self._verifier:
            self._unverified = not self._verifier.verify()

    def _obey(self, change: Change) -> None:
        try:
            if change.field in ("stop", "safe") or (change.field == UNACKNOWLEDGED and self._doubted):
                self.latched = self.latched or change.field == "safe"
                self._stop(change.field)
            elif refusal := self.objection(change.field):
                raise RequestRefused(refusal)
            else:
                self._carry_out(change)
        except (InstrumentError, RequestRefused) as error:
            change.carried_out(str(error))
            if change.field in ("stop", "safe", UNACKNOWLEDGED) and self._verifier:
                self._verifier.cannot(str(error))
            if change.field in ("safe", UNACKNOWLEDGED):
                self._changes.put(change)  # again and again: current may flow
            raise
        finally:
            self._remember()
        change.carried_out()

    def _carry_out(self, change: Change) -> None:
        field = change.field
        if field == "start":
            self._start(Script(self._choice.programme))
        elif field == "pause":
            self._pause()
        elif field == "resume":
            self._resume()
        elif field == "end_step":
            self._end_step("measurement done")
        elif field == "load":
            loaded, self._stands = self._choice.load(change.text), None
            self._show_programme(loaded)
            self._telling.note(f"programme {loaded.name!r} is loaded; it runs when it is started")
        elif field == "reset":
            self.latched = False

    def _start(self, script: Script) -> None:
        asked_ns = self._now_ns()
        try:
            self._potentiostat.start(script.remaining, script.at)
        except (NoReply, BadReply) as error:
            self._begun(script, asked_ns)  # it may have: what it says is counted
            self._stands = replace(script.at, run=script.first_run) if script.at.step else None
            self.state, self._was_running, self._doubted = ProgrammeState.FAULT, False, True
            self.tell(Change(UNACKNOWLEDGED))
            tried = "the cell may be ON, and is now brought to open circuit, again and again until it is"
            raise type(error)(f"{error}; whether the programme has begun is not known: {tried}") from error
        self._begun(script, self._now_ns())
        self.state, self._was_running = ProgrammeState.RUNNING, True
        self._telling.show("STATE", self.state.value)  # before anybody is told that it was started

    def _begun(self, script: Script, now_ns: int) -> None:
        self._progress.begin(script, now_ns)
        self._held, self._stands, self._first_look = [], None, False
        self._unverified = self._doubted = False
        if self._verifier:
            self._verifier.begun()
        self._silence.heard()
        self._show_programme(script.whole)

    def _pause(self) -> None:
        self._potentiostat.abort()
        self._listen()
        self._stands = self._progress.interrupt("paused", self._now_ns())
        self.state = ProgrammeState.PAUSED
        self._telling.show("STATE", self.state.value)
        self._progress.begin_pause(PAUSE_INTERVAL)
        self._silence.heard()
        cycle, passed = self._stands.cycle if self._stands else 1, self._progress.account.charge
        # its samples carry the run that they are given: one of its own, which no step has
        at = Position(cycle=cycle, run=self._progress.run + 1, passed=passed)
        try:
            self._potentiostat.rest(PAUSE_INTERVAL, at)
        except (InstrumentError, RequestRefused) as error:
            self._telling.note(f"potentiostat: paused at open circuit, without samples: {error}")

    def _resume(self) -> None:
        stands, script = self._stands, self._progress.script
        if stands is None or script is None:
            raise RequestRefused("the programme that was interrupted is not known any more; nothing is resumed")
        if self.state is ProgrammeState.PAUSED:
            self._potentiostat.abort()  # its rest, which nobody may have heard yet
            self._listen()
            self._progress.interrupt("resumed", self._now_ns())
        ordinal = script.ordinal_of(stands.run)
        self._start(Script(script.whole, replace(stands, run=self._progress.run), ordinal))

    def _stop(self, field: str) -> None:
        self._unverified = False
        self._potentiostat.cell_off()
        self._unverified, self._waited = True, SLOWLY  # it is read back at once
        self._listen()
        if self._doubted and self._progress.step is None:  # nothing was heard of what may have run
            self._progress.account = replace(self._progress.account, doubtful=True)
        elif self._doubted or self.state in (ProgrammeState.RUNNING, ProgrammeState.PAUSED):
            self._stands = self._progress.interrupt(field, self._now_ns()) or self._stands
        self.state, self._was_running, self._doubted = ProgrammeState.STOPPED, False, False
        self._telling.show("STEP_NAME", "")

    def _remember(self) -> None:
        script = self._progress.script
        if script and (self._plain is None or self._plain[0] is not script.whole):
            self._plain = script.whole, plain(script.whole)
        self._snapshot = {
            "state": self.state.value,
            "latched": self.latched,
            "stands": self._progress.standing(self._stands),
            "programme": self._plain[1] if script and self._plain else None,
            **self._choice.facts,
            **self._progress.facts(),
        }
