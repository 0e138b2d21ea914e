"""How far a cell programme has come: what the instrument says becomes charge, steps, spectra and readings."""

import math
from dataclasses import asdict, replace
from typing import Any

from operando.control.accounting import Account, negligible
from operando.control.remainder import located, step_of
from operando.environment.cell.book import UNHEARD, Book, spectrum_json
from operando.environment.cell.endings import NOT_ASKED, end_json, how_it_ended
from operando.environment.cell.facts import CellFacts, CellNames, Telling
from operando.environment.cell.ledger import Ledger
from operando.environment.cell.recollection import Recollection, account_facts, recovered
from operando.environment.cell.script import LONGEST, Script, pause_step
from operando.instruments.roles import ImpedancePoint, Said, Sample, StepEnd
from operando.vocabulary import (
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Position,
    ProgrammeState,
    Rest,
    Step,
)

NS = 1_000_000_000
NO_DOUBT = 2.0
"""s that an instrument may take to be aborted."""
MOST_UNSEEN = 1000
"""Steps that are written down though nobody saw them; more are left out."""
TOLERANCE_NS = 5 * NS
"""Between two estimates of when the instrument's clock began."""
UNKNOWN = ConstantVoltage(
    number=0,
    name="unknown",
    ends=(End(Limit.TIME, LONGEST),),
    sample_interval=60.0,
    voltage=math.nan,
    current_limit=0.0,
)
"""What is counted where nobody knows the programme that was found running."""


class Progress:
    """Follows one programme after the other; belongs to the runner's thread.

    Parameters
    ----------
    facts : CellFacts
        What charge is related to.
    names : CellNames
        Of the channel.
    telling : Telling
        Who is told.
    before : Recollection
        How the service before left it.
    """

    def __init__(self, facts: CellFacts, names: CellNames, telling: Telling, before: Recollection) -> None:
        self._facts, self._telling = facts, telling
        self._ledger = Ledger(facts, telling)
        self._book = Book(names.channel, telling.keep)
        if before.row:
            self._book.recall(before.row, before.spectrum)
        self._ended = before.ended
        if before.ended:
            telling.keep(before.ended)
        self._before: Recollection | None = before
        self.script = before.script
        self.account = before.account
        self.extracted = before.extracted
        self.run = before.account.run
        self.step: Step | None = None
        """The step that runs."""
        self.safety = ""
        """Which of the programme's safety limits has ended it."""
        self.pausing = before.state is ProgrammeState.PAUSED
        """Whether the instrument rests in a pause."""
        self._pause_interval = 1.0
        self._cycle = 1
        self._smallest = negligible(before.script.whole) if before.script else 0.0
        self._told: dict[int, str] = {}
        self._last: Sample | None = None
        self._heard_ns = before.last.time_ns if before.last else 0
        self._ledger.counter = before.script.whole.counter_electrode_potential if before.script else math.nan

    def begin(self, script: Script, now_ns: int) -> None:
        """Follow a script from its first packet on; the programme goes on where the script does not begin it."""
        self._before, self._last, self._heard_ns = None, None, now_ns
        self._told.clear()
        self.safety, self.pausing = "", False
        if script.at.step == 0:
            self.extracted += self.account.charge
            self.account = Account()
            self._book.programme(script.whole, now_ns)
        else:
            self.account = self.account.restarted()
        self._cycle = script.at.cycle
        self.run = script.at.run
        self.script, self.step = script, None
        self._smallest = negligible(script.whole)
        self._ledger.counter = script.whole.counter_electrode_potential

    def begin_pause(self, interval: float) -> None:
        """Follow a rest in the middle of a programme."""
        self._pause_interval, self._last, self.pausing = interval, None, True
        self.account = self.account.restarted()
        self.step = None

    def take(self, said: Said, logged: bool = True) -> None:
        """Account for one packet.

        Parameters
        ----------
        said : Sample, ImpedancePoint or StepEnd
            In the order in which they came.
        logged : bool
            Its readings go to log and records; not so where its time has passed for both.
        """
        if self._before is not None:
            self._recover(said)
        if self.script is not None and self.run + 1 < said.run <= self.run + MOST_UNSEEN:
            self._skip(said, self.script)
        step = self._step_of(said)
        if isinstance(said, Sample):
            self.account = self.account.sampled(
                step,
                said.run,
                said.elapsed,
                said.current,
                said.step_charge,
                said.time_ns,
                self._smallest,
                said.charge_before,
            )
            self._last = said
        elif isinstance(said, ImpedancePoint):
            self.account = self.account.measured(step, said.run, said.elapsed)
        else:
            self.account = self.account.step_ended(
                step, said.run, said.elapsed, said.step_charge, said.time_ns, self._smallest, said.charge_before
            )
        self._open(said, step)
        self._heard_ns = said.time_ns
        if isinstance(said, StepEnd):
            if logged:
                self._ledger.ended(self.account, self.extracted, said.time_ns)
            self._end(said, step)
        elif isinstance(said, ImpedancePoint):
            if spectrum := self._book.point(said):
                self._telling.show("IMPEDANCE", spectrum_json(spectrum))
            if logged:
                self._ledger.point(said, self.account)
        elif logged:
            self._ledger.sample(said, self.account, self.extracted, step)

    def silence(self, now_ns: int) -> None:
        """Tell that a sample was missed."""
        self._ledger.silence(now_ns)

    def awaited(self) -> Step | None:
        """Return the step that runs, or the one that is to begin; None where that is not known."""
        if self.step is not None or self.script is None:
            return self.step
        if self.pausing:
            return pause_step(self._pause_interval)
        try:
            begun = max(self.script.ordinal_of(self.run + 1), self.script.ordinal)
            return step_of(self.script.whole, located(self.script.whole, begun).step)
        except ValueError:
            return None

    @staticmethod
    def standing(stands: Position | None) -> dict[str, Any] | None:
        """Return a position as plain values."""
        return asdict(stands) if stands else None

    def ask(self, how: str) -> None:
        """Remember why the instrument is told to end the step that runs."""
        self._told[self.run] = how

    def asked(self, run: int) -> bool:
        """Whether the instrument was told to end a step."""
        return run in self._told

    def interrupt(self, how: str, now_ns: int) -> Position | None:
        """Close the step that runs, whose script was ended, and return where the programme stands, if that is known."""
        last, step, run = self._last, self.step, self.run
        if last is not None and step is not None and last.run == run and self.account.run == run:
            late, longest = max((now_ns - last.time_ns) / NS, 0.0), 1.5 * step.sample_interval
            until = last.elapsed + min(late, longest)
            self.account = self.account.step_ended(step, run, until, math.nan, now_ns, self._smallest)
            if late > longest + NO_DOUBT:  # whether, and for how long, current flowed after it, nobody knows
                self.account = replace(self.account, doubtful=True)
        elif isinstance(step, Impedance) and not step.galvanostatic:
            self.account = replace(self.account, doubtful=True)  # what was drawn is told at the end alone
        ended = self._close(how, now_ns)
        if ended is not None and step is not None:
            self._ledger.ended(self.account, self.extracted, now_ns)
            self._show_end(how, step, run, ended.ended_ns or now_ns)
        self.step = None
        if self.script is None or self.pausing or self._before is not None:
            return None
        try:
            if step is None:
                return self._between_two(self.script, now_ns)
            return self.script.position(run, self.account.step_time, self.account.step_charge, self.account.charge)
        except ValueError as error:
            self._telling.note(f"where the programme stands is not known: {error}; it cannot be resumed")
            return None

    def _between_two(self, script: Script, now_ns: int) -> Position:
        """Return the position of the next step: it may have begun, and what passed in it has to be guessed."""
        found, account = script.position(self.run + 1, 0.0, 0.0, 0.0), self.account
        step, seconds = script.step(self.run + 1, found.step), max((now_ns - self._heard_ns) / NS, 0.0)
        current = step.current if isinstance(step, ConstantCurrent) else 0.0
        charge = account.charge + current * min(seconds, 1.5 * step.sample_interval) / 3600.0
        known = seconds < NO_DOUBT or isinstance(step, ConstantCurrent | Rest)
        self.account = replace(account, charge=charge, doubtful=account.doubtful or not known)
        return replace(found, passed=charge)

    def finish(self, how: str, now_ns: int) -> None:
        """Take the end of the programme; ``how`` says what cut it short, and nothing where it was done to its end."""
        if self._book.open is not None:
            self._close(how, now_ns)
        if self._before and self._before.last:  # it ended while nobody listened: this much is known
            self.account = replace(self.account, charge=self._before.last.charge)
        if not how:  # one that was cut short may have been in the middle of a discharge
            self.account = self.account.closed()
            self._ledger.finished(self.account, now_ns)
        self.step = None

    def facts(self) -> dict[str, Any]:
        """Return what a restarted service must know, beside the state."""
        return {
            "script": self.script.facts() if self.script else None,
            "account": account_facts(self.account, self.step is None or isinstance(self.step, Rest)),
            "extracted": self.extracted,
            "cell": self._facts.name,
            "row": self._book.facts(),
            "ended": asdict(self._ended) if self._ended else None,
        }

    def _step_of(self, said: Said) -> Step:
        if said.run == self.run and self.step is not None:
            return self.step
        if said.step == 0:
            return pause_step(self._pause_interval)
        try:
            return self.script.step(said.run, said.step) if self.script else UNKNOWN
        except ValueError as error:
            self._telling.note(f"{error}; it is counted, but not understood")
            return UNKNOWN

    def _skip(self, said: Said, script: Script) -> None:
        """Write down the steps between the last that was heard and this one: loops have no conditions."""
        runs = range(self.run + 1, said.run)
        try:
            found = [located(script.whole, script.ordinal_of(run)) for run in runs]
            steps = [script.step(run, position.step) for run, position in zip(runs, found, strict=True)]
        except ValueError:
            return  # what `_step_of` says something about
        last_ns = self._heard_ns or said.time_ns - round((said.elapsed - self.account.elapsed) * NS)
        cycles = [position.cycle for position in found]
        self._book.unseen(steps, script.whole.hash, runs[0], cycles, self.account.half_cycle, (last_ns, said.time_ns))
        for step in steps:
            self.account = self.account.unseen(step)
        self.run = runs[-1]
        self.step = None

    def _open(self, said: Said, step: Step) -> None:
        """Take the begin of another step."""
        self._cycle = said.cycle
        if said.run == self.run and self.step is not None:
            return
        self.pausing = said.step == 0
        self.run, self.step = said.run, step
        self._telling.show("STEP_NAME", step.name)
        if self._book.open is not None and self._book.open.run == said.run:
            self._telling.keep(self._book.open)  # opened by the service before, whose last words the log may have lost
            return
        counted = said.elapsed - self.account.begun if self.account.run == said.run else 0.0
        begun_ns = said.time_ns - round(counted * NS)
        hash = self.script.whole.hash if self.script else ""
        self._book.begin(step, hash, said.run, said.cycle, self.account.half_cycle, begun_ns)

    def _end(self, said: StepEnd, step: Step) -> None:
        how = how_it_ended(said, step, self._told)
        if how == NOT_ASKED and self._told:
            self._telling.note(f"run {said.run} was ended in place of run {max(self._told)}, which had just ended")
        self.safety = self.safety or said.safety
        self._close(how, said.time_ns, said.uncertainty_ns)
        self._show_end(how, step, said.run, said.time_ns, said)
        self.step = None

    def _close(self, how: str, ended_ns: int, uncertainty_ns: int = 0) -> Any:
        account, last = self.account, self._last
        measured = {"voltage": last.voltage, "current": last.current} if last and last.run == self.run else {}
        if last and not uncertainty_ns:
            uncertainty_ns = last.uncertainty_ns
        known = account.run == self.run and self._before is None
        counted = {"duration": account.step_time, "charge": account.step_charge} if known else {}
        ended = self._book.end(how, ended_ns, **measured, **counted, uncertainty_ns=uncertainty_ns)
        self._ended = ended or self._ended
        return ended

    def _show_end(self, how: str, step: Step, run: int, time_ns: int, said: StepEnd | None = None) -> None:
        self._telling.show("LAST_END", end_json(how, step, run, self._cycle, self.account, time_ns, said))

    def _recover(self, said: Said) -> None:
        """Take the count up again where the service before left it."""
        before, self._before = self._before, None
        if before is None:
            return
        zero_ns = said.time_ns - round(said.elapsed * NS)
        self.account = recovered(before, zero_ns, said.run)
        if before.script is not None:
            self.run = max(self.account.run, before.script.at.run)
        self._cycle = said.cycle
        row = self._book.open
        if row is not None and not (row.run == said.run and zero_ns - TOLERANCE_NS < row.begun_ns <= said.time_ns):
            self._book.end(UNHEARD, said.time_ns)
        last = before.last
        if before.script is None:
            self._telling.note("a programme was running that this service does not know; its charge is counted")
        elif last is not None and last.time_ns > zero_ns:
            gap = (said.time_ns - last.time_ns) / NS
            self._telling.note(
                f"a programme was running; taken over at {last.charge:.7f} A h, {gap:.1f} s after the last sample"
            )
        else:
            self._telling.note("a programme was running; taken over, its charge by the instrument's own count")
