"""Keithley 2400 SourceMeter: a galvanostat without impedance, whose programme the host runs.

Source: Series 2400 SourceMeter User's Manual, 2400S-900-01. 9600 8N1, lines end with CR; a line of several commands is
answered by one line with semicolons between.

The instrument runs no script, and watches no host. So it is a source of *voltage*, namely of the limit of the step that
runs, with the current of the step as its compliance: it passes from constant current to constant voltage by itself, and
with a dead host it stands at the limit, where the current fades. (A source of current is destroyed by a cell of more
than its compliance: 3-24.) A rest is a source of no current, because nothing can be measured with the output off.
Off is ``HIMPedance``, an open relay; what ``*RST`` sets, ``NORMal``, is 0 V across the cell, so ``*RST`` is never sent.

What runs stands on the instrument's own display, where a restarted host reads it and goes on.
"""

import contextlib
import math
import time
from collections.abc import Callable

from operando.errors import BadReply, InstrumentRefused, NoReply
from operando.instruments import keithley_commands as commands
from operando.instruments.cell_output import OVERLOAD, ClockReading, ProgrammeEnd, Said
from operando.instruments.clock import InstrumentClock
from operando.instruments.hosted_drive import REST, Drive, check
from operando.instruments.hosted_run import HostedRun, Look
from operando.instruments.line import Line
from operando.instruments.roles import BEGINNING
from operando.instruments.step_timer import StepTimer
from operando.vocabulary import CellProgramme, ConstantCurrent, ConstantVoltage, Position, Rest

BAUDRATE = 9600
BITS = 10
"""Of a character: start, 8 data, stop."""
REPLY_TIME = 1.0
"""s; a line of commands and its answer take some 0.2 s."""
CURRENT_LIMIT = 1.0
"""A, at no more than 20 V."""
LARGEST_VOLTAGE = 20.0
SHORTEST_INTERVAL = 0.5
"""s; a change of step is some 300 characters on the line."""
KINDS = frozenset(kind.kind for kind in (Rest, ConstantCurrent, ConstantVoltage))


class Keithley2400:
    """A source meter.

    Parameters
    ----------
    line : Line
        To the instrument.
    now_ns : callable
        UTC in ns since the epoch.
    monotonic : callable
        s, for the moments at which the cell is looked at.
    """

    def __init__(
        self,
        line: Line,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._now_ns, self._monotonic = now_ns, monotonic
        self._run: HostedRun | None = None
        self._drive: Drive | None = None  # what it gives; None with the output off
        self._end: ProgrammeEnd | None = None
        self._said: list[Said] = []
        self._clock, self._timer = InstrumentClock(), StepTimer(commands.TIMER_TURN)
        self._asked: float | None = None  # s of the host's clock when a reading was asked for that has not come
        self._partial = b""
        self._beyond = False  # whether the last reading was of more current than it was told to give
        self._adopted: CellProgramme | None = None
        self._known = False  # whether what the instrument gives is known

    def identify(self) -> str:
        """Return the instrument's own description."""
        return self._ask("*IDN?")

    @property
    def can(self) -> frozenset[str]:
        """The kinds of step that it can do."""
        return KINDS

    @property
    def current_limit(self) -> float:
        """The largest current, A."""
        return CURRENT_LIMIT

    def start(self, programme: CellProgramme, at: Position = BEGINNING) -> None:
        """Begin a programme.

        Raises
        ------
        RequestRefused
            The instrument cannot do such a programme; nothing was sent.
        InstrumentRefused
            A programme runs, or the instrument does not take its settings; the output is off.
        """
        check(programme, "Keithley 2400", KINDS, CURRENT_LIMIT, LARGEST_VOLTAGE, SHORTEST_INTERVAL)
        if self._run is not None:
            raise InstrumentRefused("Keithley 2400: a programme is running; nothing was started: abort it first")
        self._begin(HostedRun(programme, at))

    def adopt(self, programme: CellProgramme) -> None:
        """Say which programme runs: the next poll finds its step on the instrument and goes on with it."""
        self._adopted, self._known = programme, self._run is not None

    def rest(self, interval: float, at: Position = BEGINNING) -> None:
        """End what runs and rest at open circuit, with a sample of step 0 every ``interval`` s."""
        self.abort()
        self._begin(commands.pause(interval, at))

    def poll(self) -> list[Said]:
        """Look at the cell where that is due, go on to the next step where it is, and return what came.

        Raises
        ------
        NoReply
            The instrument does not answer; it goes on with what it was told last.
        BadReply
            Something came that is no reading.
        InstrumentRefused
            The output was found off, or giving what nobody knows; it is off now, unless the message says otherwise.
        """
        if not self._known:
            self._take_up()
        if self._run is not None:
            self._listen()
            self._go_on(self._run)
        said, self._said = self._said, []
        return said

    def end_step(self) -> None:
        """End the step that runs; the programme goes on with the next.

        Raises
        ------
        InstrumentRefused
            Nothing runs.
        """
        if self._run is None:
            raise InstrumentRefused("Keithley 2400: no programme runs; no step was ended")
        self._settle()
        self._run.told()
        self._next_step(self._run)

    def running(self) -> bool:
        """Whether a programme runs."""
        return self._run is not None

    def ended(self) -> ProgrammeEnd | None:
        """Return how the last programme ended; None while one runs and before the first."""
        return None if self._run is not None else self._end

    def clock(self) -> ClockReading | None:
        """Return how the instrument's clock runs; None before the first reading."""
        return self._clock.reading

    def abort(self) -> None:
        """End the programme; the output is off afterwards."""
        ran = self._run is not None
        self._switch_off()
        if ran:
            self._end = ProgrammeEnd(finished=False)

    def cell_off(self) -> None:
        """Bring the cell to open circuit, whatever runs."""
        self.abort()

    def verify_open(self) -> float:
        """Read the safe state back: the output is off and its relay open.

        Returns
        -------
        float
            Not a number: with an open relay nothing can be measured.

        Raises
        ------
        InstrumentRefused
            The cell is on, or a programme runs.
        """
        if self._run is not None:
            raise InstrumentRefused("Keithley 2400: a programme is running; the cell was not looked at")
        answer = self._ask(commands.IS_OFF)
        if answer != commands.OPEN:
            raise InstrumentRefused(
                f"Keithley 2400: {commands.IS_OFF!r} was answered {answer!r}; {commands.OPEN!r} is an open circuit"
            )
        return math.nan

    def _begin(self, run: HostedRun) -> None:
        """Set the instrument up and begin the first step."""
        for message in commands.SET_UP:
            answer = self._ask(message)
            if answer != commands.NO_ERROR:
                raise InstrumentRefused(f"Keithley 2400: {message!r} was answered {answer!r}; nothing was started")
        self._clock, self._said = InstrumentClock(not_before_ns=self._now_ns()), []
        self._known, self._adopted = False, None  # until it has begun; what the display says is of before
        self._ask(commands.STAMP)
        self._timer.begin(0.0, 0.0, self._monotonic())
        self._next_step(run)
        self._run, self._end, self._known = run, None, True

    def _next_step(self, run: HostedRun) -> None:
        """Begin the next step, or end the programme; the step before ends only then: until then its current flows."""
        drive = run.upcoming
        elapsed = self._give(drive) if drive else self._give_nothing()
        if run.step is not None:
            self._said.append(run.ended(elapsed, self._clock.utc_ns(elapsed), self._clock.uncertainty_ns(elapsed)))
        if drive is None:
            error = f"ended for the safety of the cell: {run.safety}" if run.safety else ""
            self._end = ProgrammeEnd(finished=not run.safety, error=error)
            return
        run.next_step()
        run.begun(elapsed)
        self._ask(commands.Mark.of(run, elapsed).command())

    def _give(self, drive: Drive) -> float:
        """Drive the cell otherwise; return when it was so, s of the programme.

        Raises
        ------
        InstrumentRefused
            The instrument does not say that it gives what it was told; the output is off.
        """
        told, asked = commands.settings(drive, self._drive), commands.queries(drive)
        at_once = not told.startswith(":OUTP OFF")
        answer = self._ask(f"{told};{commands.STAMP};{asked}" if at_once else f"{told};{asked}")
        stamp, *answers = answer.split(";") if at_once else ("", *answer.split(";"))
        if not commands.gives(answers, drive):
            self._switch_off()
            raise InstrumentRefused(
                f"Keithley 2400: {told!r}, then {asked!r}, was answered {answer!r}; the output is off"
            )
        elapsed = self._stamped(stamp if at_once else self._ask(f"{commands.ON};{commands.STAMP}"))
        self._drive = drive
        return elapsed

    def _give_nothing(self) -> float:
        elapsed = self._stamped(self._ask(commands.STAMP))
        self._switch_off()
        return elapsed

    def _stamped(self, answer: str) -> float:
        """Take notice that the timer was set to zero when it had come to an answer."""
        return self._timer.zeroed(commands.seconds(answer), self._monotonic())

    def _go_on(self, run: HostedRun) -> None:
        """Begin the next step, or ask for a reading, where it is time."""
        if run.over:
            self._next_step(run)
        elif self._asked is None:
            now = self._monotonic()
            if self._timer.at(now) >= run.next_look:
                self._line.write(commands.READ.encode() + b"\r")
                self._asked = now

    def _listen(self) -> None:
        """Take a reading that has come; where none comes, look whether the output is still on."""
        self._partial += self._line.read_available()
        *lines, self._partial = self._partial.split(b"\r")
        for line in lines:
            self._take(line)
        if self._asked is not None and self._monotonic() - self._asked > REPLY_TIME:
            self._forget()
            if self._ask(":OUTP?") == "0":  # and a reading is refused without an answer
                self._switch_off()
                self._end = ProgrammeEnd(finished=False, error="the output was switched off at the instrument")
                raise InstrumentRefused("Keithley 2400: its output was found off; the relay is open now")

    def _take(self, line: bytes) -> None:
        self._asked, run = None, self._run
        arrival_ns = self._now_ns() - len(line) * BITS * 1_000_000_000 // BAUDRATE  # which is known to pass
        text = line.decode("latin-1").strip()
        if not text or run is None:
            return
        found, now = commands.reading(text), self._monotonic()
        before, self._beyond = self._beyond, self._drive is not None and self._drive.exceeded(found.current)
        if not self._timer.believes(found.timer, now) or (self._beyond and not before):
            raise BadReply(f"Keithley 2400: {text!r} cannot be, by its timer or its current; it is left out once")
        elapsed = self._timer.elapsed(found.timer, now)
        if not self._clock.believes(elapsed, arrival_ns):
            self._clock = self._clock.doubting(elapsed, arrival_ns)
            raise BadReply(f"Keithley 2400: a reading of {elapsed:g} s came, which cannot be; it is left out")
        self._clock = self._clock.heard(elapsed, arrival_ns)
        limited = bool(found.flags & commands.LIMITED)
        overloaded = bool(found.flags & commands.OVERFLOW) or (self._drive == REST and limited)
        look = Look(
            found.voltage, found.current, elapsed, limited, OVERLOAD * overloaded,
            self._clock.utc_ns(elapsed), arrival_ns, self._clock.uncertainty_ns(elapsed),
        )  # fmt: skip
        self._said += run.take(look)

    def _take_up(self) -> None:
        """Find out what the instrument gives, and go on with that, or with nothing."""
        output, above, below = [*self._ask(commands.FOUND).split(";"), "", ""][:3]
        mark = commands.mark(above, below) if output == "1" else None
        run = mark.found(self._adopted) if mark else None
        if run is not None and mark is not None and run.upcoming is not None:
            if commands.gives(self._ask(commands.queries(run.upcoming)).split(";"), run.upcoming):
                self._drive, self._run, self._known = run.upcoming, run, True
                run.next_step()
                run.found(mark.begun)
                self._timer.begin(mark.begun, commands.seconds(self._ask(":SYST:TIME?")), self._monotonic())
                return
        self._switch_off()  # also where it is off already: its mode may be one that drains the cell
        self._known = True
        if self._adopted is not None:
            self._end = ProgrammeEnd(finished=False, error="its output was found off" if output == "0" else "lost")
        if output != "0":
            raise InstrumentRefused("Keithley 2400: its output was found on, and for what is not known; it is off now")

    def _switch_off(self) -> None:
        """Switch the output off and open its relay."""
        self._settle()
        answer = self._ask(commands.OFF)
        if answer != commands.OPEN:
            raise InstrumentRefused(f"Keithley 2400: {commands.OFF!r} was answered {answer!r}; the cell may be ON")
        self._run, self._drive = None, None

    def _ask(self, message: str) -> str:
        """Send a line and return its answer."""
        self._settle()
        self._line.read_available()
        self._line.write(message.encode("ascii") + b"\r")
        try:
            return self._line.read_until(b"\r", REPLY_TIME).decode("latin-1").strip()
        except NoReply as error:
            self._line.write(commands.CLEAR)
            raise NoReply(f"Keithley 2400: {message!r} was not answered: {error}") from error

    def _settle(self) -> None:
        """Take the reading that was asked for, before anything else is asked."""
        if self._asked is None:
            return
        try:
            line = self._partial + self._line.read_until(b"\r", REPLY_TIME)
        except NoReply:
            self._forget()
            return
        self._partial = b""
        with contextlib.suppress(BadReply):
            self._take(line.rstrip(b"\r"))

    def _forget(self) -> None:
        self._asked, self._partial = None, b""
        self._line.write(commands.CLEAR)
