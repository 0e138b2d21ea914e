"""The safe state of a cell, read back: a command that was acknowledged is not yet a circuit that is open."""

import math
from collections.abc import Callable
from datetime import UTC, datetime

from operando.errors import InstrumentError, RequestRefused
from operando.instruments.roles import Potentiostat
from operando.vocabulary import OPEN_READ_BACK

RECORD = "OPEN_VERIFIED"
"""Of each cell: what was read back; empty from a start on."""
UNVERIFIED = "cannot be verified: "
"""How its text begins where nothing could be read back; else as `OPEN_READ_BACK`."""


class OpenCircuit:
    """Asks the potentiostat whether the cell is at open circuit, and says what it found; belongs to one thread.

    Parameters
    ----------
    potentiostat : Potentiostat
        Who switched the cell off.
    show : callable
        Takes the name of a record, without its subsystem, and its value.
    note : callable
        Takes a line for the service's log.
    """

    def __init__(
        self, potentiostat: Potentiostat, show: Callable[[str, str], None], note: Callable[[str], None]
    ) -> None:
        self._potentiostat = potentiostat
        self._show = show
        self._note = note
        self._said = ""
        self.verified = False
        """The circuit was read back as open, and nothing was started since."""

    def begun(self) -> None:
        """Forget what was read back: a programme begins."""
        self.verified = False
        self._tell("")

    def verify(self) -> bool:
        """Read the state back; say what was found, where it is new.

        Returns
        -------
        bool
            False where it cannot be said; to be asked again until it can.
        """
        try:
            voltage = self._potentiostat.verify_open()
        except (InstrumentError, RequestRefused) as error:
            self.verified = False
            self._tell(f"{UNVERIFIED}{error}")
            return False
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.verified = True
        found = f"{voltage:.4f} V" if math.isfinite(voltage) else "output off, relay open"
        self._tell(f"{OPEN_READ_BACK}{found}, {moment}")
        return True

    def cannot(self, why: str) -> None:
        """Say that nothing could be read back: the cell could not even be switched off."""
        self.verified = False
        self._tell(f"{UNVERIFIED}{why}")

    def _tell(self, text: str) -> None:
        if text == self._said:
            return
        self._said = text
        self._show(RECORD, text)
        if text:
            self._note(f"safe state of the cell: {text}")


def cell_of_record(record: str) -> str:
    """Return the channel of the cell that a record is of; empty for the main cell.

    Examples
    --------
    >>> cell_of_record("CELL_B:OPEN_VERIFIED"), cell_of_record("CELL:OPEN_VERIFIED")
    ('B', '')
    """
    return record.partition(":")[0].removeprefix("CELL").removeprefix("_")
