"""The state of a cell programme, which can be set: paused or running."""

from typing import TYPE_CHECKING, Any

from ophyd import EpicsSignalRO

from operando.errors import RequestRefused
from operando.vocabulary import ProgrammeState

if TYPE_CHECKING:
    from operando.devices.errand import Errand

FIELDS = {ProgrammeState.PAUSED.value: "pause", ProgrammeState.RUNNING.value: "resume"}
"""What is asked of the environment service for each state that can be set."""


class CellState(EpicsSignalRO):
    """A `ProgrammeState`; ``set("paused")`` lets the cell rest, ``set("running")`` goes on where it was.

    The device itself must not have methods ``pause`` and ``resume``: bluesky would call them whenever a plan is paused,
    and the cell has nothing to do with that.
    """

    def set(self, value: str, *, timeout: float | None = None, settle_time: float | None = None) -> "Errand":
        """Pause or resume the programme; done when the record says so, at once where it says so already.

        Parameters
        ----------
        value : str
            ``paused`` or ``running``.
        timeout, settle_time : float, optional
            As ophyd calls it; the service's own time counts.

        Raises
        ------
        RequestRefused
            It is no state that can be set.
        """
        if value not in FIELDS:
            raise RequestRefused(f"{self.name}: {value!r} asked; 'paused' or 'running' is wanted, nothing changes")
        errand: Errand = self.parent.change_state(value, FIELDS[value])
        return errand

    def put(self, value: str, **_: Any) -> None:
        """Pause or resume, and wait until it is so."""
        self.set(value).wait()
