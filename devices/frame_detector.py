"""An areaDetector whose HDF5 plugin streams every frame to disk before it is announced."""

import logging
import os.path
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ophyd import Component
from ophyd.signal import AttributeSignal
from ophyd.status import Status
from ophyd.utils import DisconnectedError

from operando.devices.detector_family import FAMILIES, DetectorFamily
from operando.devices.errand import Errand
from operando.devices.flying_frames import FlyingFrames, wait_collected
from operando.devices.frame_writer import FIRST_PAUSE, LONGEST_PAUSE, FrameWriter
from operando.errors import EndstationError, InstrumentError, InstrumentRefused, NoReply, OperandoError
from operando.vocabulary import Flight

_logger = logging.getLogger(__name__)

READOUT_TIME = 15.0
"""s after the exposure within which its frame must be on disk."""
UNCOLLECTED_TIME = 60.0
"""s for which frames of a flight that is over may wait for a plan to collect them."""
DRAIN_TIME = 20.0
"""s for exposed frames to come to disk when a plan ends during a flight."""


class FrameDetector(FrameWriter):
    """Takes one frame a trigger, done when it is flushed to its file; or a flight of them, at a rate of its own.

    Parameters
    ----------
    prefix : str
        With its colon: ``SIM:DET:``.
    frames_folder : callable
        Makes a folder, each time another one; the frames go to ``frames_000000.h5`` and so on in it.
    frames_per_file : int
        After so many the next file is opened.
    family : DetectorFamily
        What its driver is told.
    """

    frames_outstanding = Component(AttributeSignal, attr="outstanding", kind="omitted")
    frames_short = Component(AttributeSignal, attr="short", kind="omitted")

    def __init__(
        self,
        prefix: str,
        *,
        frames_folder: Callable[[], Path],
        frames_per_file: int = 100,
        family: DetectorFamily = FAMILIES["simulated"],
        name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            prefix, frames_folder=frames_folder, frames_per_file=frames_per_file, family=family, name=name, **kwargs
        )
        self._exposure: Errand | None = None
        self._prepared: Flight | None = None
        self._flight: FlyingFrames | None = None

    @property
    def outstanding(self) -> int:
        """Frames of a flight that are still to be exposed, or on disk and not announced."""
        return (self._flight.left if self._flight else 0) + self.documents.waiting

    @property
    def short(self) -> int:
        """Frames that the last flight was asked for and has not exposed, because it was ended before."""
        return self._flight.short if self._flight else 0

    def stage(self) -> list[Any]:
        """Prepare a folder of its own and open the first file (which areaDetector makes with its first frame)."""
        staged: list[Any] = super().stage()
        try:
            self.begin()
        except (InstrumentRefused, NoReply, TimeoutError):
            super().unstage()
            raise
        return staged

    def unstage(self) -> list[Any]:
        """Stop exposing, let frames that are exposed come to disk, and close the file."""
        unstaged: list[Any] = super().unstage()
        if self._exposure is not None and not self._exposure.done:
            self._exposure.give_up(OperandoError(f"{self.name}: its plan ended before the frame was on disk"))
        if self._flight is not None:
            self._end_flight(self._flight)
        self.acquire.put(0)
        self.close_file()
        return unstaged

    def configure(self, d: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Change configuration signals: ``{"acquire_time": s}``; return what it was and is."""
        before = self.read_configuration()
        for attribute, value in d.items():
            if attribute not in self.configuration_attrs:
                raise InstrumentRefused(
                    f"{self.name}: no {attribute!r}; allowed: {', '.join(self.configuration_attrs)}"
                )
            self.write(getattr(self, attribute), value)
        return before, self.read_configuration()

    def trigger(self) -> Errand:
        """Take one frame; asked again while one is under way, return the same status."""
        if self._exposure is None or self._exposure.done:
            self._no_flight("trigger")
            self.documents.forget()
            self._exposure = Errand(self, self._expose, [self.captured, self.capturing, self.dropped_arrays])
        return self._exposure

    def prepare(self, value: Flight) -> Status:
        """Say what the next flights are to be; refused where the detector cannot do it."""
        self._no_flight("prepare")
        flight = self.family.check_flight(self.name, value)
        self.write(self.acquire_time, flight.exposure)
        self._prepared = flight
        done = Status(obj=self)
        done.set_finished()
        return done

    def kickoff(self) -> Status:
        """Begin a flight as it was prepared; done when the camera exposes."""
        self._no_flight("kickoff")
        if self._prepared is None:
            raise InstrumentRefused(f"{self.name}: kickoff without prepare; nothing was exposed")
        self._flight = FlyingFrames(self, self._prepared)
        return self._flight.began

    def complete(self) -> Errand:
        """Return what is done when the flight is over and a last ``collect`` announces the rest of its frames."""
        flight = self._flight
        if flight is None:
            raise InstrumentRefused(f"{self.name}: complete without kickoff; there is no flight")
        ending = Errand(self, lambda errand: wait_collected(errand, flight, UNCOLLECTED_TIME))
        flight.errand.add_callback(lambda status: ending.look())
        return ending

    def pause(self) -> None:
        """Hold a flight while the RunEngine is paused: the sample gets no dose that nobody asked for."""
        if self._flight is not None:
            self._flight.hold()

    def resume(self) -> None:
        """Go on with a flight that was held."""
        if self._flight is not None:
            self._flight.go_on()

    def stop(self, *, success: bool = False) -> None:
        """End a flight behind its present frame; those on disk are announced by the next ``collect``."""
        if self._flight is not None:
            self._flight.end()

    def _no_flight(self, asked: str) -> None:
        if self._flight is not None and not self._flight.errand.done:
            raise InstrumentRefused(f"{self.name}: {asked} while a flight is under way; it goes on")

    def _end_flight(self, flight: FlyingFrames) -> None:
        """See a flight out; say so if frames of it are on disk that no document names."""
        flight.end()
        try:
            flight.errand.wait(timeout=float(self.acquire_time.get()) + DRAIN_TIME)
        except Exception as error:  # noqa: BLE001 (whatever it failed with was said by its status)
            _logger.warning("%s: its flight ended with: %s", self.name, error)
            flight.errand.give_up(OperandoError(f"{self.name}: its plan ended before its frames were on disk"))
        if self.documents.waiting:
            _logger.warning(
                "%s: %d frames are on disk (the last in %s) that no document names: the plan ended before it "
                "collected them",
                *(self.name, self.documents.waiting, self.open_file_name()),
            )

    def _expose(self, errand: Errand) -> None:
        """Expose until a frame is on disk: one that its file did not take is taken again, not announced."""
        exposure, pause = float(self.acquire_time.get()), FIRST_PAUSE
        complaint = self._take(errand, exposure)
        while complaint is not None:
            self.await_room(errand, complaint, pause)
            try:
                self.begin_elsewhere(errand, exposure)
                pause = min(2 * pause, LONGEST_PAUSE)
                complaint = self._take(errand, exposure)
            except (EndstationError, InstrumentError, OSError, DisconnectedError) as error:
                complaint = str(error)  # a full disk may take the detector's IOC with it, for a while

    def _end_series(self, errand: Errand) -> None:
        """See a series out that a flight left when it failed: a trigger is one exposure."""
        if self._flight is None or self.image_mode.get(use_monitor=False) == "Single":
            return
        self.stop_camera()
        errand.wait_until(lambda: not int(self.queue_use.get(use_monitor=False)), READOUT_TIME)
        self.write(self.image_mode, "Single")

    def _take(self, errand: Errand, exposure: float) -> str | None:
        """Take a frame; return why the file plugin could not write it, None where it could."""
        self._end_series(errand)
        written = self.written()
        if written >= self.frames_per_file:
            try:
                self.change_file(errand)
            except NoReply:
                if self.refuses():
                    return self.complaint()
                raise
            written = 0
        errand.check()
        number, dropped = self.exposed(), self.dropped()
        self.acquire.put(1)
        # A file plugin that no longer captures, after an error or a restart, will never write this frame.
        ended = errand.wait_until(
            lambda: self.written() > written or not self.is_capturing() or self.refuses() or self.dropped() > dropped,
            exposure + READOUT_TIME,
        )
        file = Path(self.open_file_name())
        if self.refuses():  # asked first: in older versions of ADCore NumCaptured counts what was not written, too
            return self.complaint()
        if self.written() > written and not os.path.exists(file):  # Path.exists raises on a stale handle
            self.close_file()
            return f"{file} was removed while it was written"
        if self.written() <= written and self.dropped() > dropped:
            self.account.miss(1, number, self.exposed(), "the file plugin dropped it: its queue was full")
            return f"dropped by {self.dropped_arrays.pvname}"
        if self.written() <= written:
            late = f"its file is closed; {self.capturing.pvname} = 0" if ended else f"after {READOUT_TIME:g} s"
            raise NoReply(
                f"{self.name}: frame {self.documents.frames + 1} is not on disk {late} after its exposure "
                f"of {exposure:g} s ({self.captured.pvname} = {written}; camera: {self.status_message.get()!r}, "
                f"file: {self.write_message.get()!r})"
            )
        self.wrote(str(file), written)
        self.remember_number()
        return None
