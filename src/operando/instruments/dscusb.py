"""Mantracourt DSCUSB, a load-cell digitiser with an ASCII protocol.

Source: DSCUSB Advanced Manual 517-934 issue 01.04. 115200 8N1. ``!001:SYS?`` and a carriage return ask station 1 for
its main output; the answer is a number of fixed width and a carriage return, without a checksum: an answer of any
other width is torn. ``?`` is a refusal. The instrument answers within 50 ms or not at all.
"""

import math
import re
import time
from collections.abc import Callable
from enum import IntFlag

from operando.errors import InstrumentRefused
from operando.instruments.conversation import Conversation
from operando.instruments.line import Line
from operando.vocabulary import Quality, Reading

BAUDRATE = 115200
REPLY_TIME = 0.05  # s


class Stat(IntFlag):
    """Bits of STAT that concern the force."""

    TEMPUR = 4
    TEMPOR = 8
    ECOMUR = 16
    ECOMOR = 32
    CRAWUR = 64
    CRAWOR = 128
    SYSUR = 256
    SYSOR = 512
    LCINTEG = 2048
    """Load-cell integrity: a broken wire."""
    SCALON = 4096
    """The shunt calibration resistor is switched in: the output is not the force."""
    OLDVAL = 8192
    """No new result since the last one was read."""


BROKEN = Stat.ECOMUR | Stat.ECOMOR | Stat.CRAWUR | Stat.CRAWOR | Stat.SYSUR | Stat.SYSOR | Stat.LCINTEG | Stat.SCALON
DOUBTFUL = Stat.TEMPUR | Stat.TEMPOR
STATUS_EVERY = 10
"""Readings between two looks at STAT while all is well: twice a second at 20 Hz."""
FROZEN_AFTER = 10
"""Looks in a row at OLDVAL after which the output counts as frozen; while it stands, every reading looks."""


class DSCUSB:
    """A load cell on a DSCUSB.

    Parameters
    ----------
    line : Line
        To the instrument.
    station : int
        1 on a DSCUSB; another on a DCell or DSC bus.
    digits, decimals : int
        DPB and DP as set in the instrument: digits before and after the point.
    now_ns : callable
        UTC in ns since the epoch.
    """

    def __init__(
        self,
        line: Line,
        station: int = 1,
        *,
        digits: int = 5,
        decimals: int = 3,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._conversation = Conversation(line, "DSCUSB")
        self._station = station
        self._number = re.compile(rb"[+-]\d{%d}\.\d{%d}\r" % (digits, decimals))
        self._wanted = f"a number of {digits} + {decimals} digits"
        self._now_ns = now_ns
        self._status = Stat(0)
        self._until_status = 0
        self._old_values = 0

    def read_force(self) -> Reading:
        """Return the force in N, at the time it was asked for."""
        if self._until_status <= 0:
            self._look_at_status()
        self._until_status -= 1
        asked = self._now_ns()
        _, reply = self._ask("SYS")
        if self._status & BROKEN or self._old_values >= FROZEN_AFTER:
            return Reading(math.nan, asked, Quality.INVALID)
        return Reading(float(reply), asked, Quality.SUSPECT if self._status & DOUBTFUL else Quality.GOOD)

    def read_status(self) -> Stat:
        """Return the live status bits."""
        command, reply = self._ask("STAT")
        if not (bits := float(reply)).is_integer() or bits < 0:
            raise self._conversation.misunderstood(command, reply, "a whole number of status bits")
        return Stat(int(bits))

    def _look_at_status(self) -> None:
        # asked before the value is read, which itself sets OLDVAL until the next result
        self._status = self.read_status()
        self._old_values = self._old_values + 1 if self._status & Stat.OLDVAL else 0
        self._until_status = 1 if self._status & (BROKEN | DOUBTFUL | Stat.OLDVAL) else STATUS_EVERY

    def _ask(self, what: str) -> tuple[bytes, bytes]:
        command = f"!{self._station:03d}:{what}?\r".encode("ascii")
        reply = self._conversation.ask(command, b"\r", REPLY_TIME)
        if reply == b"?\r":
            raise InstrumentRefused(f"DSCUSB: {command!r} was refused with {reply!r}")
        if self._number.fullmatch(reply) is None:
            raise self._conversation.misunderstood(command, reply, self._wanted)
        return command, reply
