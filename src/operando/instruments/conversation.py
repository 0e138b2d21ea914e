"""One command, one reply, and back in step after a reply that was late or torn."""

import contextlib
import logging
import time

from operando.errors import BadReply, NoReply
from operando.instruments.line import Line

logger = logging.getLogger(__name__)


class Conversation:
    """Pairs each command with its own reply on a line where the instrument only ever answers.

    After a reply that did not come in time the next one could be the late one: a force of 0 N, say, that is in
    truth the status word asked for before. So the next command first waits until the line is silent.

    Parameters
    ----------
    line : Line
        To the instrument.
    instrument : str
        Its name in error messages.
    """

    def __init__(self, line: Line, instrument: str) -> None:
        self._line = line
        self._instrument = instrument
        self._out_of_step = False

    def ask(self, command: bytes, terminator: bytes, timeout: float) -> bytes:
        """Send a command and return its reply, terminator included.

        Parameters
        ----------
        command : bytes
            As it goes over the line.
        terminator : bytes
            Ends the reply.
        timeout : float
            s; the call ends within twice this time.

        Raises
        ------
        NoReply
            Nothing, or no whole reply, came in time.
        """
        if self._out_of_step:
            self._silence(terminator, timeout)
        if stale := self._line.read_available():
            logger.debug("%s: %r came unasked before %r", self._instrument, stale, command)
        self._line.write(command)
        return self.hear(command, terminator, timeout)

    def hear(self, command: bytes, terminator: bytes, timeout: float) -> bytes:
        """Return a reply to ``command``, which was sent before; arguments and errors as of `ask`."""
        try:
            return self._line.read_until(terminator, timeout)
        except NoReply as error:
            self._out_of_step = True
            raise NoReply(f"{self._instrument}: {command!r} was not answered: {error}") from error

    def misunderstood(self, command: bytes, reply: bytes, wanted: str) -> BadReply:
        """Return the error for a reply that is no answer; the next command gets back into step first."""
        self._out_of_step = True
        return BadReply(f"{self._instrument}: {command!r} was answered {reply!r}; {wanted} is wanted")

    def _silence(self, terminator: bytes, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with contextlib.suppress(NoReply):
            while (left := deadline - time.monotonic()) > 0:
                late = self._line.read_until(terminator, left)
                logger.debug("%s: late or torn reply %r dropped", self._instrument, late)
        self._out_of_step = False
