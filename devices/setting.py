"""A number or word that is read from its record and changed by a request, so that the service knows who asks."""

from typing import TYPE_CHECKING, Any

from ophyd import EpicsSignalRO

if TYPE_CHECKING:
    from operando.devices.errand import Errand

CHANGE_TIME = 5.0
"""s until the record shows what was accepted; the heater's controller is told at its next look."""


class Setting(EpicsSignalRO):
    """A setting of a regulated quantity; the field of the request bears the name of the attribute."""

    def set(self, value: float | str, *, timeout: float | None = None, settle_time: float | None = None) -> "Errand":
        """Ask for a value; the status is done when the record shows it.

        Parameters
        ----------
        value : float or str
            In the unit of the record.
        timeout, settle_time : float, optional
            As ophyd calls it; the service's own time counts.
        """
        errand: Errand = self.parent.change(self, value)
        return errand

    def put(self, value: float | str, **_: Any) -> None:
        """Ask for a value and wait until it is so."""
        self.set(value).wait()
