"""What the recorder says about itself, as the RunEngine process hears it."""

import time
from collections.abc import Callable
from typing import Any

from ophyd import EpicsSignalRO

from operando.devices.heartbeat import Heartbeat
from operando.vocabulary import Keeping

SILENT = 10.0
"""s without a heartbeat after which the recorder is shown as gone."""


class RecorderWord:
    """Whether the recorder asks for exposures to wait; one that is gone asks for nothing.

    Frames and journal are enough to make a file of record of, whenever a recorder runs again.

    Parameters
    ----------
    prefix : str
        Of the endstation, with its colon.
    say : callable
        Takes a line for the terminal.
    """

    def __init__(self, prefix: str, say: Callable[[str], None]) -> None:
        self._say = say
        self._began = time.monotonic()
        self._silent = False
        self._said: dict[str, str] = {}
        self._heartbeat = Heartbeat(f"{prefix}RECORDER:HEARTBEAT", name="recorder_heartbeat")
        self._signals = [
            EpicsSignalRO(f"{prefix}RECORDER:{name}", name=f"recorder_{name.lower()}", string=True, auto_monitor=True)
            for name in ("STATE", "REASON")
        ]
        for signal in self._signals:
            signal.subscribe(self._hear)

    def obstacle(self) -> str:
        """Return why the recorder wants exposures to wait, or nothing."""
        self._show_silence()
        if not self._heartbeat.young or self._said.get("recorder_state") != Keeping.PAUSE:
            return ""
        return f"recorder: {self._said.get('recorder_reason', '')}"

    def _show_silence(self) -> None:
        silent = min(self._heartbeat.age, time.monotonic() - self._began) > SILENT
        if silent and not self._silent:
            self._say("the recorder is silent; exposures go on, files of record are made when it runs again")
        elif self._silent and not silent:
            self._say("the recorder is back")
        self._silent = silent

    def _hear(self, value: Any = "", obj: Any = None, **_: Any) -> None:
        self._said[obj.name] = str(value)
