"""One leg of a flight: as many frames as the open file still takes, at the camera's own pace."""

import os.path
import time
from collections.abc import Callable
from dataclasses import dataclass

from operando.devices.errand import Errand
from operando.devices.frame_writer import FrameWriter
from operando.errors import NoReply

READOUT_TIME = 15.0
"""s after an exposure within which something must come of it."""
QUIET = 2.0
"""s for which nothing has come, the queue is empty and the camera idle: what is not there will never come."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a leg.

    Parameters
    ----------
    exposed : int
        Exposures that are over.
    complaint : str or None
        Why the file plugin could not write; None where it could.
    """

    exposed: int
    complaint: str | None = None


class Leg:
    """Starts the camera and follows its frames until the last one is on disk or known to be lost.

    Parameters
    ----------
    detector : FrameWriter
        With an open file.
    frames : int
        How many are asked of the camera.
    halted : callable
        Whether the camera shall stop before.
    """

    def __init__(self, detector: FrameWriter, frames: int, halted: Callable[[], bool]) -> None:
        self._detector = detector
        self._frames = frames
        self._halted = halted
        self._written = self._first = detector.written()
        self._number = detector.exposed()
        self._dropped = detector.dropped()
        self._file = detector.open_file_name()
        self.began = False
        """The camera exposes, or has."""

    def run(self, errand: Errand, on_begin: Callable[[], None]) -> Outcome:
        """Take the frames.

        Raises
        ------
        NoReply
            Nothing came of an exposure.
        """
        detector = self._detector
        exposure = float(detector.acquire_time.get())
        errand.check()
        detector.acquire.put(1)
        exposed, moved = 0, time.monotonic()
        while True:
            running = detector.is_acquiring()
            refused = detector.refuses()  # asked first: older ADCore counts in NumCaptured what was not written, too
            progress = self._note(detector.written() - refused) | (detector.exposed() - self._number > exposed)
            exposed = detector.exposed() - self._number
            if not self.began and (running or progress):
                self.began = True
                on_begin()
            moved = time.monotonic() if progress else moved
            if refused or not detector.is_capturing():
                return self._broken_off(exposed)
            if self.began and running and self._halted():
                detector.acquire.put(0)
            if self.began and not running and self._settled(exposed, time.monotonic() - moved):
                return self._over(exposed)
            if time.monotonic() - moved > exposure + READOUT_TIME:
                raise NoReply(self._silence(exposure))
            errand.pause()

    def _note(self, written: int) -> bool:
        """Take note of frames that came to disk; return whether there are."""
        new = range(self._written, written)
        for index in new:
            self._detector.wrote(self._file, index)
        self._written = max(self._written, written)
        return bool(new)

    def _settled(self, exposed: int, quiet: float) -> bool:
        """Whether the idle camera has nothing more to come."""
        known = self._written - self._first + self._detector.dropped() - self._dropped
        if known >= exposed and (exposed >= self._frames or self._halted()):
            return True
        return quiet > QUIET and not int(self._detector.queue_use.get(use_monitor=False))

    def _over(self, exposed: int) -> Outcome:
        detector = self._detector
        detector.remember_number()
        dropped = detector.dropped() - self._dropped
        lost = exposed - (self._written - self._first) - dropped
        if dropped > 0:
            size = int(detector.queue_size.get(use_monitor=False))
            self._miss(dropped, exposed, f"the file plugin dropped them: its queue of {size} was full")
        if lost > 0:
            self._miss(lost, exposed, "the camera lost them: its counter went on, the file plugin never had them")
        if self._written > self._first and not os.path.exists(self._file):  # Path.exists raises on a stale handle
            detector.close_file()
            return Outcome(exposed, f"{self._file} was removed while it was written")
        if not exposed and not self._halted():
            raise NoReply(self._silence(float(detector.acquire_time.get())))
        return Outcome(exposed)

    def _broken_off(self, exposed: int) -> Outcome:
        """Stop the camera: its frames go nowhere."""
        detector = self._detector
        detector.acquire.put(0)
        why = detector.complaint() or f"{detector.capturing.pvname} = 0: somebody closed the file"
        exposed = max(exposed, detector.exposed() - self._number)
        if (lost := exposed - (self._written - self._first)) > 0:
            self._miss(lost, exposed, f"not written: {why.partition(chr(10))[0]}")
        return Outcome(exposed, why)

    def _miss(self, count: int, exposed: int, reason: str) -> None:
        self._detector.account.miss(count, self._number, self._number + exposed, reason)

    def _silence(self, exposure: float) -> str:
        detector = self._detector
        return (
            f"{detector.name}: frame {detector.documents.frames + 1} is not on disk {READOUT_TIME:g} s after its "
            f"exposure of {exposure:g} s ({detector.captured.pvname} = {self._written}; camera: "
            f"{detector.status_message.get()!r}, file: {detector.write_message.get()!r})"
        )
