"""What became of the exposures of a detector since it was staged, for the events of a plan."""

import json
from typing import Any

from ophyd import Component, Device, Signal


class FrameAccount(Device):
    """How many frames are on disk, and which exposures are not there and why.

    ``missing`` is a JSON list of ``{"after", "through", "count", "reason"}``: of the exposures whose numbers (the
    detector's own, NDArrayUniqueId) are greater than ``after`` and not greater than ``through``, so many have no
    frame. Which ones, the numbers in the file tell.
    """

    frames = Component(Signal, value=0, kind="normal")
    missing = Component(Signal, value="[]", kind="normal")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._missing: list[dict[str, Any]] = []

    def begin(self) -> None:
        """Count anew."""
        self._missing = []
        self.frames.put(0)
        self.missing.put("[]")

    def wrote(self, frames: int) -> None:
        """Take down how many frames were written by now."""
        self.frames.put(frames)

    def miss(self, count: int, after: int, through: int, reason: str) -> None:
        """Take down exposures without a frame."""
        self._missing.append({"after": after, "through": through, "count": count, "reason": reason})
        self.missing.put(json.dumps(self._missing))
