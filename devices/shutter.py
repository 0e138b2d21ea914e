"""The beam shutter."""

from typing import Any, Literal

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO

from operando.devices.errand import Errand
from operando.errors import MoveFailed, RequestRefused

Position = Literal["open", "closed"]
POSITIONS: tuple[Position, Position] = ("closed", "open")
"""By the number in the records."""


class Shutter(Device):
    """Opens and closes; the status record, not the command, says where it is.

    Parameters
    ----------
    prefix : str
        With its colon: ``SIM:SHUTTER:``.
    travel_time : float
        s within which it arrives.
    """

    command = Component(EpicsSignal, "OPEN", kind="omitted")
    status = Component(EpicsSignalRO, "STATUS", kind="hinted", auto_monitor=True)

    def __init__(self, prefix: str = "", *, name: str, travel_time: float = 10.0, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.status.name = name
        self.travel_time = travel_time

    @property
    def is_open(self) -> bool:
        """Whether the status record says open."""
        return bool(self.status.get())

    def set(self, value: Position) -> Errand:
        """Open or close; done when the status record says so.

        Raises
        ------
        RequestRefused
            ``value`` is neither ``open`` nor ``closed``.
        """
        if value not in POSITIONS:
            raise RequestRefused(f"{self.name}: {value!r} asked; 'open' or 'closed' is wanted, nothing was moved")
        wanted = POSITIONS.index(value)
        self.command.put(wanted)
        return Errand(self, lambda errand: self._arrive(errand, wanted), [self.status])

    def stop(self, *, success: bool = False) -> None:
        """Leave it where it is going: a shutter does not stop halfway."""

    def _arrive(self, errand: Errand, wanted: int) -> None:
        if not errand.wait_until(lambda: int(self.status.get()) == wanted, self.travel_time):
            raise MoveFailed(
                f"{self.name}: {POSITIONS[wanted]} asked, {self.status.pvname} still says "
                f"{POSITIONS[not wanted]} after {self.travel_time:g} s"
            )
