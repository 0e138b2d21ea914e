"""A measurement for which a step of the cell programme waits."""

from typing import TYPE_CHECKING, Any

from ophyd import Signal

from operando.errors import RequestRefused
from operando.vocabulary import DONE

if TYPE_CHECKING:
    from operando.devices.errand import Errand


class Measurement(Signal):
    """What follows in the programme once a measurement is done: ``impedance``, ``rest``, ``end``; else nothing.

    ``set("done")`` ends the step that waits.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"value": "", **kwargs})

    def get(self, **_: Any) -> str:
        """Return the kind of the step behind the one that waits; nothing where none waits."""
        return str(self.parent.follows_measurement())

    def set(self, value: str = DONE, *, timeout: float | None = None, settle_time: float | None = None) -> "Errand":
        """Say that the measurement is done; done when the step has ended.

        Parameters
        ----------
        value : str
            ``done``.
        timeout, settle_time : float, optional
            As ophyd calls it; the service's own time counts.
        """
        if value != DONE:
            raise RequestRefused(f"{self.name}: {value!r} asked; {DONE!r} is wanted, nothing changes")
        errand: Errand = self.parent.end_measurement()
        return errand

    def put(self, value: str = DONE, **_: Any) -> None:
        """Say that the measurement is done, and wait until the step has ended."""
        self.set(value).wait()
