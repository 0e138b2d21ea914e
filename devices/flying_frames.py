"""A flight of frames: legs of one file each, held and taken up again, ended, never a frame forgotten."""

import logging
import math
import threading
import time

from ophyd.status import Status
from ophyd.utils import DisconnectedError

from operando.devices.errand import Errand
from operando.devices.flight_leg import Leg
from operando.devices.frame_documents import FrameDocuments
from operando.devices.frame_writer import FIRST_PAUSE, LONGEST_PAUSE, FrameWriter
from operando.errors import EndstationError, InstrumentError, NoReply, OperandoError
from operando.vocabulary import Flight

_logger = logging.getLogger(__name__)


class FlyingFrames:
    """Takes frames in a thread of its own.

    Between two files the camera rests: areaDetector's plugin drops what comes while it has none open. Where a period
    leaves the time for that, frames keep to it; otherwise they come as soon as the next file is open.

    Parameters
    ----------
    detector : FrameWriter
        Staged.
    asked : Flight
        Checked.
    """

    def __init__(self, detector: FrameWriter, asked: Flight) -> None:
        self._detector = detector
        self._asked = asked
        self._held = threading.Event()
        self._ended = threading.Event()
        self._exposed = 0
        self.began = Status(obj=detector)
        """Done when the camera exposes."""
        signals = [detector.captured, detector.capturing, detector.dropped_arrays]
        self.errand = Errand(detector, self._procedure, signals)

    @property
    def documents(self) -> FrameDocuments:
        """What was and will be said about its frames."""
        return self._detector.documents

    @property
    def left(self) -> int:
        """Exposures that are still to come."""
        return 0 if self.errand.done else self._asked.frames - self._exposed

    @property
    def short(self) -> int:
        """Exposures that never came, once it is over."""
        return self._asked.frames - self._exposed if self.errand.done else 0

    def hold(self) -> None:
        """Stop the camera until `go_on`; what it has exposed comes to disk. Returns at once."""
        self._held.set()
        self.errand.look()

    def go_on(self) -> None:
        """Take the frames that are left."""
        self._held.clear()
        self.errand.look()

    def end(self) -> None:
        """Stop the camera for good; what it has exposed comes to disk. Returns at once."""
        self._ended.set()
        self.errand.look()

    def _halted(self) -> bool:
        return self._held.is_set() or self._ended.is_set()

    def _procedure(self, errand: Errand) -> None:
        try:
            self._fly(errand)
        except Exception as error:
            if not self.began.done:
                self.began.set_exception(error)
            raise
        if not self.began.done:
            self.began.set_finished()

    def _fly(self, errand: Errand) -> None:
        pause, complaint = FIRST_PAUSE, None
        self._arm()
        while self._exposed < self._asked.frames and not self._ended.is_set():
            errand.wait_until(lambda: not self._held.is_set() or self._ended.is_set(), math.inf)
            if self._ended.is_set():
                break
            if complaint is not None:
                complaint = self._elsewhere(errand, complaint, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            complaint = self._leg(errand)
            pause = FIRST_PAUSE if complaint is None else pause
        self._detector.write(self._detector.image_mode, "Single")
        if self._exposed < self._asked.frames:
            _logger.warning("%s: stopped after %d of %d frames", self._detector.name, self._exposed, self._asked.frames)

    def _arm(self) -> None:
        detector = self._detector
        detector.write(detector.image_mode, "Multiple")
        detector.write(detector.acquire_time, self._asked.exposure)
        detector.write(detector.acquire_period, self._asked.period)

    def _leg(self, errand: Errand) -> str | None:
        """Fill the open file, or the next one where it is full; return why that cannot be, None where it can."""
        detector = self._detector
        if (complaint := self._next_file(errand)) is not None:
            return complaint
        frames = min(self._asked.frames - self._exposed, detector.frames_per_file - detector.written())
        detector.write(detector.num_images, frames)
        start = time.monotonic()
        leg = Leg(detector, frames, self._halted)
        try:
            complaint = leg.run(errand, self._on_begin)
        finally:
            self._exposed += leg.exposed
        if complaint is not None or self._exposed >= self._asked.frames:
            return complaint
        complaint = self._next_file(errand)
        if complaint is None:
            errand.wait_until(self._halted, max(0.0, start + leg.exposed * self._asked.period - time.monotonic()))
        return complaint

    def _next_file(self, errand: Errand) -> str | None:
        """Open the next file where this one is full; return why the file plugin cannot, None where it can."""
        detector = self._detector
        try:
            if detector.written() >= detector.frames_per_file:
                detector.change_file(errand)
        except NoReply:
            if detector.refuses():
                return detector.complaint()
            raise
        return None

    def _on_begin(self) -> None:
        if not self.began.done:
            self.began.set_finished()

    def _elsewhere(self, errand: Errand, complaint: str, pause: float) -> str | None:
        """Go on in another folder; return why not, None where it works."""
        try:
            self._detector.await_room(errand, complaint, pause, self._halted)
            if self._halted():
                return complaint
            self._detector.begin_elsewhere(errand, self._asked.exposure)
            self._arm()
        except (EndstationError, InstrumentError, OSError, DisconnectedError) as error:
            errand.check()
            return str(error)  # a full disk may take the detector's IOC with it, for a while
        return None


def wait_collected(errand: Errand, flight: FlyingFrames, patience: float) -> None:
    """Wait until a flight is over and one more ``collect`` announces what is left of it.

    Raises
    ------
    OperandoError
        The flight failed, or nobody collects its frames.
    """
    errand.wait_until(lambda: bool(flight.errand.done), math.inf)
    failure = flight.errand.exception(timeout=0)
    if failure is not None:
        raise failure
    documents = flight.documents
    collected = time.monotonic()
    known = documents.waiting
    while documents.batches > 1:
        errand.pause()
        if documents.waiting < known:
            known, collected = documents.waiting, time.monotonic()
        if time.monotonic() - collected > patience:
            raise OperandoError(
                f"{errand.obj.name}: {documents.waiting} frames in {documents.batches} files are on disk and nobody "
                "collects them; a plan collects while it waits: fly_frames, bluesky's collect_while_completing"
            )
