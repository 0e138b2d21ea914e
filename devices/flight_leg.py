"""One leg of a flight: as many frames as the open file still takes, at the camera's own pace."""

import os.path
import time
from collections.abc import Callable

from operando.devices.errand import Errand
from operando.devices.frame_writer import FrameWriter
from operando.errors import NoReply

READOUT_TIME = 15.0
"""s after an exposure within which something must come of it."""
QUIET = 2.0
"""s for which nothing has come, the queue is empty and the camera idle: what is not there will never come."""


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
        self._file = ""
        self.exposed = 0
        """Exposures that are over; it never falls, though the camera's counter may be set back."""
        self.began = False
        """The camera exposes, or has."""

    def run(self, errand: Errand, on_begin: Callable[[], None]) -> str | None:
        """Take the frames; return why the file plugin could not write, None where it could.

        Raises
        ------
        NoReply
            Nothing came of an exposure.
        """
        detector = self._detector
        exposure = float(detector.acquire_time.get())
        errand.check()
        detector.acquire.put(1)
        moved = time.monotonic()
        while True:
            running = detector.is_acquiring()
            refused = detector.refuses()  # asked first: older ADCore counts in NumCaptured what was not written, too
            progress = self._note(detector.written() - refused) | self._count()
            if not self.began and (running or progress):
                self.began = True
                on_begin()
            moved = time.monotonic() if progress else moved
            if refused or not detector.is_capturing():
                return self._broken_off()
            if self.began and running and self._halted():
                detector.acquire.put(0)
            if self.began and not running and self._settled(time.monotonic() - moved):
                return self._over()
            if time.monotonic() - moved > exposure + READOUT_TIME:
                raise NoReply(self._silence(exposure))
            errand.pause()

    def _note(self, written: int) -> bool:
        """Take note of frames that came to disk; return whether there are."""
        new = range(self._written, written)
        if new and not self._file:  # areaDetector names a file that it opens lazily with its first frame, not before
            self._file = self._detector.open_file_name()
            if not self._file:
                return False
        for index in new:
            self._detector.wrote(self._file, index)
        self._written = max(self._written, written)
        return bool(new)

    def _count(self) -> bool:
        """Take note of exposures that are over; return whether there are new ones."""
        before = self.exposed
        self.exposed = max(before, self._detector.exposed() - self._number, self._known())
        return self.exposed > before

    def _known(self) -> int:
        """Return the exposures of which is known what became."""
        return self._written - self._first + self._queue_lost()

    def _queue_lost(self) -> int:
        return max(0, self._detector.dropped() - self._dropped)

    def _settled(self, quiet: float) -> bool:
        """Whether the idle camera has nothing more to come."""
        if self._known() >= self.exposed and (self.exposed >= self._frames or self._halted()):
            return True
        return quiet > QUIET and not int(self._detector.queue_use.get(use_monitor=False))

    def _over(self) -> str | None:
        detector = self._detector
        detector.remember_number()
        self._count()
        dropped = self._queue_lost()
        lost = self.exposed - (self._written - self._first) - dropped
        if dropped > 0:
            size = int(detector.queue_size.get(use_monitor=False))
            self._miss(dropped, f"the file plugin dropped them: its queue of {size} was full")
        if lost > 0:
            self._miss(lost, "the camera lost them: its counter went on, the file plugin never had them")
        if self._written > self._first and not os.path.exists(self._file):  # Path.exists raises on a stale handle
            detector.close_file()
            return f"{self._file} was removed while it was written"
        if not self.exposed and not self._halted():
            raise NoReply(self._silence(float(detector.acquire_time.get())))
        return None

    def _broken_off(self) -> str:
        """Stop the camera: its frames go nowhere."""
        detector = self._detector
        detector.acquire.put(0)
        why = detector.complaint() or f"{detector.capturing.pvname} = 0: somebody closed the file"
        self._count()
        lost = self.exposed - (self._written - self._first)
        # ADCore counts in NumCaptured what was written, older versions what was not, too; the file alone knows.
        unsure = min(lost, max(0, detector.written() - self._written))
        line = why.partition("\n")[0]
        if unsure > 0:
            self._miss(unsure, f"announced by nobody, perhaps in {self._file or 'its file'} all the same: {line}")
        if lost > unsure:
            self._miss(lost - unsure, f"not written: {line}")
        return why

    def _miss(self, count: int, reason: str) -> None:
        self._detector.account.miss(count, self._number, self._number + self.exposed, reason)

    def _silence(self, exposure: float) -> str:
        detector = self._detector
        return (
            f"{detector.name}: frame {detector.documents.frames + 1} is not on disk {READOUT_TIME:g} s after its "
            f"exposure of {exposure:g} s ({detector.captured.pvname} = {self._written}; camera: "
            f"{detector.status_message.get()!r}, file: {detector.write_message.get()!r})"
        )
