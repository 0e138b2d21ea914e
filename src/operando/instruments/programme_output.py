"""What a running cell programme says, line by line: samples, spectra, ends of steps, its end; and what is not of it."""

import logging
import re
from collections.abc import Iterable

from operando.errors import BadReply
from operando.instruments.clock import InstrumentClock
from operando.instruments.packets import packet
from operando.instruments.programme_packets import Packet, packet_of_ours
from operando.instruments.roles import ClockReading, ProgrammeEnd, Said, StepEnd
from operando.vocabulary import HOSTED, CellProgramme, Impedance, Step, VoltageRamp

logger = logging.getLogger(__name__)

STRUCTURE = re.compile(r"M[0-9A-F]{4}|L|C\d*|\*|\+|-|T.*")
"""Begin and end of measurement loops (M *), loops (L +) and scans (C -), and texts (T): MethodSCRIPT manual v1.8."""
TOLD_NS = 1_000_000_000
"""ns within which a measurement loop that was told to end has ended."""
RUNTIME_ERROR = re.compile(r"![0-9A-F]{4}.*")


class ProgrammeOutput:
    """Understands the output of a programme, from its beginning or from anywhere in it.

    Attributes
    ----------
    running : bool
        Packets or loops came, and the end did not.
    end : ProgrammeEnd or None
        How the last programme ended; None while one runs.
    said : list of Sample, ImpedancePoint or StepEnd
        Understood and not yet taken, in order.
    problems : list of BadReply
        What did not belong there.
    failure : str
        The runtime error that ended the programme and is not dealt with yet; the cell may be on.
    """

    def __init__(self) -> None:
        self.running = False
        self.end: ProgrammeEnd | None = None
        self.said: list[Said] = []
        self.problems: list[BadReply] = []
        self.failure = ""
        self._clock = InstrumentClock()
        self._first_line = True
        self._steps: dict[int, Step] = {}
        self._told_ns: int | None = None
        self._step = 0

    @property
    def clock(self) -> ClockReading | None:
        """How the instrument's clock runs; None before the first packet."""
        return self._clock.reading

    def awaited(self) -> None:
        """Be ready for another programme, whose clock is not that of the one before."""
        self._clock = InstrumentClock()

    def started(self, now_ns: int) -> None:
        """Begin anew: a script was acknowledged by ``now_ns`` (UTC, ns since the epoch)."""
        self.running, self.end, self._first_line, self._told_ns, self._step = True, None, False, None, 0
        self._clock = InstrumentClock(not_before_ns=now_ns)

    def runs(self, programme: CellProgramme | None) -> None:
        """Know the steps, so that the end of one can be named."""
        self._steps = {} if programme is None else {step.number: step for step in programme.steps}

    def may_be_told(self) -> bool:
        """Whether the step that runs, as far as is known, waits for the host, or can at least be ended by it."""
        step = self._steps.get(self._step)
        if step is None or isinstance(step, Impedance | VoltageRamp):
            return True
        return any(end.limit in HOSTED for end in step.ends)

    def told(self, now_ns: int) -> None:
        """Know that the host has ended a measurement loop by ``now_ns`` (UTC, ns since the epoch)."""
        self._told_ns = now_ns

    def stopped(self, error: str = "") -> None:
        """End by a command or an error, unless it has ended before."""
        if self.running or self.end is None:
            self.end = ProgrammeEnd(finished=False, error=error)
        self.running = False

    def take(self, lines: Iterable[str], arrival_ns: int) -> None:
        """Understand lines that came together, without their line ends.

        Parameters
        ----------
        lines : iterable of str
            In their order.
        arrival_ns : int
            UTC, ns since the epoch.
        """
        packets: list[Packet] = []
        for line in lines:
            first, self._first_line = self._first_line, False
            if line.startswith("P"):
                packets += self._understood(line)
            elif not line:
                self._finished()
            elif RUNTIME_ERROR.fullmatch(line):
                self.failure = line
                self.stopped(line)
            elif STRUCTURE.fullmatch(line):
                self._begun(line[0] in "ML")
            elif first:
                logger.info("EmStat4: %r dropped: the line was opened in the middle of it", line)
            else:
                self.problems.append(BadReply(f"EmStat4: {line!r} came unasked and is no part of a programme"))
        self._say(packets, arrival_ns)

    def _begun(self, begun: bool) -> None:
        if begun and not self.running:
            self.running, self.end = True, None

    def _finished(self) -> None:
        if self.running:
            self.running, self.end = False, self.end or ProgrammeEnd(finished=True)

    def _understood(self, line: str) -> list[Packet]:
        try:
            variables = packet(line)
        except BadReply as error:
            self.problems.append(BadReply(f"EmStat4: {line!r} came: {error}"))
            return []
        self._begun(True)
        found = packet_of_ours(variables)
        if found is None:
            self.problems.append(BadReply(f"EmStat4: {line!r} is no packet of this project's programmes"))
            return []
        return [found]

    def _say(self, packets: list[Packet], arrival_ns: int) -> None:
        believed: list[Packet] = []
        for each in packets:
            if self._clock.believes(each.elapsed, arrival_ns) and not (
                believed and each.elapsed < believed[-1].elapsed
            ):
                believed.append(each)
            else:
                self._doubt(each, arrival_ns)
        if believed:  # of packets that came together the last has waited least, and dates the others
            self._clock = self._clock.heard(believed[-1].elapsed, arrival_ns)
        for each in believed:
            time_ns, uncertainty = self._clock.utc_ns(each.elapsed), self._clock.uncertainty_ns(each.elapsed)
            said = self._named(each, each.said(time_ns, arrival_ns, uncertainty))
            self._step = 0 if isinstance(said, StepEnd) else said.step
            self.said.append(said)

    def _doubt(self, each: Packet, arrival_ns: int) -> None:
        """Leave out a packet whose time cannot be: one wrong digit would be hours of charge."""
        before = self._clock.elapsed
        self.problems.append(
            BadReply(f"EmStat4: a packet of {each.elapsed:g} s came, after one of {before:g} s; it is left out")
        )
        self._clock = self._clock.doubting(each.elapsed, arrival_ns)

    def _named(self, each: Packet, said: Said) -> Said:
        """Name the end of a step; where its safety ended it, the programme has not finished."""
        if not isinstance(said, StepEnd):
            return said
        told = self._told_ns is not None and abs(said.time_ns - self._told_ns) < TOLD_NS
        end = each.named(said, self._steps.get(said.step), told)
        if end.told:
            self._told_ns = None
        if end.safety:
            self.end = ProgrammeEnd(finished=False, error=f"ended for the safety of the cell: {end.safety}")
        return end
