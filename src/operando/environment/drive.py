"""The piezo as the regulator sees it: what it was told, and whether it still listens."""

from collections.abc import Callable

from operando.errors import InstrumentError
from operando.instruments.roles import PiezoAmplifier

RETRY = 1.0
"""s between two attempts to find a lost amplifier: each may take a reply's whole timeout from the loop."""


class Drive:
    """The drive of a piezo amplifier; starts from what the amplifier says, so that nothing bumps.

    Parameters
    ----------
    amplifier : PiezoAmplifier
        Prepared.
    note : callable
        Takes a line for the service's log.
    """

    def __init__(self, amplifier: PiezoAmplifier, note: Callable[[str], None]) -> None:
        self._amplifier = amplifier
        self._note = note
        self._until_retry = 0.0
        self.volts = amplifier.read_drive()
        """V, what the amplifier holds as far as is known."""
        self.lost = False
        """The amplifier does not answer or refuses; nothing is written until its drive was read again."""

    def listens(self, dt: float) -> bool:
        """Return whether the drive may be written; a lost amplifier is asked again once a second."""
        if not self.lost:
            return True
        self._until_retry -= dt
        if self._until_retry > 0:
            return False
        try:
            self.volts = self._amplifier.read_drive()
        except InstrumentError:
            self._until_retry = RETRY
            return False
        self.lost = False
        self._note(f"piezo: answers again, drive {self.volts:.3f} V; regulated from there")
        return True

    def write(self, volts: float) -> None:
        """Tell the amplifier a new drive, V; the one it has already is not told again."""
        if volts == self.volts:
            return
        try:
            self._amplifier.write_drive(volts)
        except InstrumentError as error:
            self.lost = True
            self._until_retry = RETRY
            self._note(f"piezo: {volts:.3f} V was not taken: {error}; nothing is written until its drive is read again")
        else:
            self.volts = volts
