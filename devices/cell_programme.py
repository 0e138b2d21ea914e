"""The cell programme that is to run, as its record holds it; set by the text of another one."""

from typing import TYPE_CHECKING, Any

from ophyd import EpicsSignalRO

if TYPE_CHECKING:
    from operando.devices.errand import Errand


class LoadedProgramme(EpicsSignalRO):
    """JSON of the compiled programme; ``set`` takes the text of another, TOML or JSON, which the service compiles."""

    def set(self, text: str, *, timeout: float | None = None, settle_time: float | None = None) -> "Errand":
        """Load another programme; done when the service has compiled and taken it, nothing is started by that.

        Parameters
        ----------
        text : str
            In the programme language, not the name of a file.
        timeout, settle_time : float, optional
            As ophyd calls it; the service's own time counts.
        """
        errand: Errand = self.parent.load(text)
        return errand

    def put(self, text: str, **_: Any) -> None:
        """Load another programme, and wait until it is so."""
        self.set(text).wait()
