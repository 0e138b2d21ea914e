"""What a running cell programme says, line by line: samples, its end, and what does not belong there."""

import logging
import re
from collections.abc import Iterable

from operando.errors import BadReply
from operando.instruments import methodscript
from operando.instruments.clock import InstrumentClock
from operando.instruments.packets import Variable, packet
from operando.instruments.roles import ProgrammeEnd, Sample

logger = logging.getLogger(__name__)

STRUCTURE = re.compile(r"M[0-9A-F]{4}|L|C\d*|\*|\+|-|T.*")
"""Begin and end of measurement loops (M *), loops (L +) and scans (C -), and texts (T): MethodSCRIPT manual v1.8."""
RUNTIME_ERROR = re.compile(r"![0-9A-F]{4}.*")
WHOLE = (methodscript.CYCLE, methodscript.STEP)
NEEDED = {methodscript.TIME, methodscript.POTENTIAL, methodscript.CURRENT, *WHOLE}


class ProgrammeOutput:
    """Understands the output of a programme, from its beginning or from anywhere in it.

    Attributes
    ----------
    running : bool
        Packets or loops came, and the end did not.
    end : ProgrammeEnd or None
        How the last programme ended; None while one runs.
    samples : list of Sample
        Understood and not yet taken.
    problems : list of BadReply
        What did not belong there.
    failure : str
        The runtime error that ended the programme and is not dealt with yet; the cell may be on.
    """

    def __init__(self) -> None:
        self.running = False
        self.end: ProgrammeEnd | None = None
        self.samples: list[Sample] = []
        self.problems: list[BadReply] = []
        self.failure = ""
        self._clock = InstrumentClock()
        self._first_line = True

    def started(self, now_ns: int) -> None:
        """Begin anew: a script was acknowledged by ``now_ns`` (UTC, ns since the epoch)."""
        self.running, self.end, self._first_line = True, None, False
        self._clock = InstrumentClock(not_before_ns=now_ns)

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
        packets = []
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
        self._sample(packets, arrival_ns)

    def _begun(self, begun: bool) -> None:
        if begun and not self.running:
            self.running, self.end = True, None

    def _finished(self) -> None:
        if self.running:
            self.running, self.end = False, ProgrammeEnd(finished=True)

    def _understood(self, line: str) -> list[dict[str, Variable]]:
        try:
            variables = packet(line)
        except BadReply as error:
            self.problems.append(BadReply(f"EmStat4: {line!r} came: {error}"))
            return []
        self._begun(True)
        if not (variables.keys() >= NEEDED and _is_ours(variables)):
            self.problems.append(BadReply(f"EmStat4: {line!r} is no packet of this project's programmes"))
            return []
        return [variables]

    def _in_time(self, variables: dict[str, Variable], arrival_ns: int) -> bool:
        """Set the clock by a packet, unless its time cannot be: one wrong digit would be hours of charge."""
        elapsed = variables[methodscript.TIME].value
        if self._clock.believes(elapsed, arrival_ns):
            self._clock = self._clock.heard(elapsed, arrival_ns)
            return True
        self.problems.append(
            BadReply(f"EmStat4: a packet of {elapsed:g} s came, after one of {self._clock.elapsed:g} s; it is left out")
        )
        self._clock = self._clock.doubting(elapsed, arrival_ns)
        return False

    def _sample(self, packets: list[dict[str, Variable]], arrival_ns: int) -> None:
        # the clock first: of packets that came together the last has waited least, and dates the others
        believed = [variables for variables in packets if self._in_time(variables, arrival_ns)]
        for variables in believed:
            voltage, current = variables[methodscript.POTENTIAL], variables[methodscript.CURRENT]
            elapsed = variables[methodscript.TIME].value
            self.samples.append(
                Sample(
                    voltage=voltage.value,
                    current=current.value,
                    elapsed=elapsed,
                    cycle=round(variables[methodscript.CYCLE].value),
                    step=round(variables[methodscript.STEP].value),
                    status=(voltage.status or 0) | (current.status or 0),
                    time_ns=self._clock.utc_ns(elapsed),
                    arrival_ns=arrival_ns,
                )
            )


def _is_ours(variables: dict[str, Variable]) -> bool:
    """Whether what was measured says how, and what counts counts."""
    measured = (variables[methodscript.POTENTIAL], variables[methodscript.CURRENT])
    counts = [variables[kind] for kind in WHOLE]
    return (
        all(variable.status is not None for variable in measured)
        and all(variable.whole and variable.value >= 1 for variable in counts)
        and variables[methodscript.TIME].value >= 0
    )
