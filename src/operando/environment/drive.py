"""The piezo as the regulator sees it: what it was told, whether it listens, and whether somebody else drives it."""

import math
from collections.abc import Callable
from itertools import cycle

from operando.control import DriveLimits
from operando.errors import InstrumentError
from operando.instruments.roles import PiezoAmplifier

FAULTS = ("amplifier_foreign", "amplifier_status", "amplifier_over_temperature")
"""What forbids all writing."""
RETRY = 1.0
"""s between two attempts to find a lost amplifier: each may take a reply's whole timeout from the loop."""
QUESTION_EVERY = 0.2
"""s between two further questions to the amplifier: each takes some ms of a step of 50 ms."""


class Drive:
    """The drive of a piezo amplifier; starts from what the amplifier says, so that nothing bumps.

    The amplifier is not trusted. Its drive is read back before each write: one that was switched off and on stands at
    another drive and has forgotten its slew limit, and would jump to the next one it is told. Its flags, output and
    settings are asked for in between. What another than this service has done ends all writing until a human resets.

    Parameters
    ----------
    amplifier : PiezoAmplifier
        Prepared here.
    limits : DriveLimits
        The slew limit is programmed into the amplifier.
    period : float
        s, nominal, between two steps.
    note : callable
        Takes a line for the service's log.

    Raises
    ------
    InstrumentError
        The amplifier must not be driven from here, or does not answer; the drive was not moved.
    """

    def __init__(
        self, amplifier: PiezoAmplifier, limits: DriveLimits, period: float, note: Callable[[str], None]
    ) -> None:
        amplifier.prepare(limits.slew)
        self._amplifier = amplifier
        self._limits = limits
        self._step = limits.slew * period
        self._note = note
        self._until_retry = 0.0
        self._until_question = 0.0
        self._questions = cycle((self._check_status, self._check_output, self._check_settings))
        self._released_again = False  # an amplifier in fault was prepared anew, for the way to the safe state only
        self.volts = self._told = self._reached = amplifier.read_drive()
        """V, what the amplifier holds as far as is known."""
        self.lost = False
        """The amplifier does not answer or refuses; nothing is written until its drive was read again."""
        self.faults: dict[str, str] = {}
        """Those of `FAULTS` that stand until `recover`, each with the numbers. Never changed in place: any thread may
        look."""

    def listens(self, dt: float) -> bool:
        """Read the drive back and return whether it may be written; a lost amplifier is asked again once a second."""
        if self.lost:
            return self._found_again(dt)
        try:
            self._check_drive()
        except InstrumentError as error:
            self._lose(str(error), 0.0)  # one torn reply is asked for again at the next step
        return not self.faults and not self.lost

    def lets_release(self, dt: float) -> bool:
        """Return whether the drive may be written on the way to the safe state.

        An amplifier in fault is prepared anew first, once a second, and followed from where it stands.
        """
        if self.listens(dt):
            return True
        if not self.faults:
            return False
        if self._released_again and not self.lost:
            return True
        if not self._time_to_ask(dt):
            return False
        try:
            self._amplifier.prepare(self._limits.slew)
            self._found(self._amplifier.read_drive())
        except InstrumentError as error:
            self._note(f"piezo: not released from {self.volts:.3f} V: {error}; tried again")
            return False
        self._released_again, self.lost = True, False
        return True

    def write(self, volts: float) -> None:
        """Tell the amplifier a new drive, V; the one it has already is not told again."""
        if volts == self.volts:
            return
        try:
            self._amplifier.write_drive(volts)
        except InstrumentError as error:
            self._lose(f"{volts:.3f} V was not taken: {error}", RETRY)
        else:
            self.volts = volts

    def watch(self, dt: float) -> None:
        """Ask the amplifier one question about itself, where it is time to."""
        reach = self._limits.slew * dt
        self._reached += min(max(self._told - self._reached, -reach), reach)
        self._told = self.volts
        self._until_question -= dt
        if self.lost or self._until_question > 0:
            return
        self._until_question = QUESTION_EVERY
        try:
            next(self._questions)()
        except InstrumentError as error:
            self._lose(str(error), 0.0)

    def recover(self) -> str:
        """Take the amplifier as it is now, on somebody's word; return why that cannot be, or nothing."""
        try:
            self._amplifier.prepare(self._limits.slew)
            self._found(self._amplifier.read_drive())
            self.faults, self.lost = {}, False
            self._check_status()
            self._check_output()  # one that was stuck may still be on its way to the drive
        except InstrumentError as error:
            return str(error)
        return "; ".join(self.faults.values())

    def _found_again(self, dt: float) -> bool:
        if not self._time_to_ask(dt):
            return False
        before = self.volts
        try:
            self._check_drive()
            self._check_settings()
        except InstrumentError:
            return False
        self.lost = False
        if self.faults:
            return False
        self._note(f"piezo: answers again, drive {self.volts:.3f} V ({before:.3f} V before); regulated from there")
        return True

    def _time_to_ask(self, dt: float) -> bool:
        self._until_retry -= dt
        if self._until_retry > 0:
            return False
        self._until_retry = RETRY
        return True

    def _check_drive(self) -> None:
        found = self._amplifier.read_drive()
        if abs(found - self.volts) > self._step:
            self._foreign(f"its drive is {found:.3f} V, {self.volts:.3f} V was written last")
        if self.lost or self.faults:
            self._found(found)

    def _found(self, volts: float) -> None:
        self.volts = self._told = self._reached = volts

    def _check_output(self) -> None:
        """Compare with what the amplifier can have reached at its own slew limit: a late host writes larger steps."""
        found = self._amplifier.read_output()
        low, high = min(self.volts, self._reached), max(self.volts, self._reached)
        if not math.isnan(found) and not low - self._step <= found <= high + self._step:
            self._foreign(f"its output is {found:.3f} V, {self.volts:.3f} V was written last")

    def _check_settings(self) -> None:
        if changed := self._amplifier.changed_settings():
            self._foreign(changed)

    def _check_status(self) -> None:
        status = self._amplifier.read_status()
        if status.closed_loop:
            self._foreign("its own position loop is on")
        if status.over_temperature:
            self._fault("amplifier_over_temperature", "it is too hot")
        elif status.complaints:
            self._fault("amplifier_status", f"it reports {', '.join(status.complaints)}")

    def _foreign(self, words: str) -> None:
        self._released_again = False
        self._fault("amplifier_foreign", f"somebody else drives it: {words}")

    def _fault(self, name: str, words: str) -> None:
        if name not in self.faults:
            self.faults = {**self.faults, name: words}
            self._note(f"piezo: {words}; nothing is written until reset")

    def _lose(self, why: str, retry: float) -> None:
        self.lost = True
        self._until_retry = retry
        self._note(f"piezo: {why}; nothing is written until its drive is read again")
