"""An areaDetector whose HDF5 plugin streams every frame to disk before it is announced."""

import logging
import os.path
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ophyd import Component, Device, EpicsSignal, EpicsSignalRO
from ophyd.areadetector.base import EpicsSignalWithRBV
from ophyd.utils import DisconnectedError

from operando.devices.errand import Errand
from operando.devices.frame_documents import AssetDocument, FrameDocuments
from operando.disk import LARGE, trouble_with
from operando.errors import EndstationError, InstrumentError, InstrumentRefused, NoReply, OperandoError

_logger = logging.getLogger(__name__)

PUT_TIME = 5.0
"""s within which areaDetector takes a parameter, opens or closes a file."""
READOUT_TIME = 15.0
"""s after the exposure within which its frame must be on disk."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""s before a frame that was not written is exposed again: each costs the sample its dose."""
CHECK_ROOM = 1.0
"""s between two looks at a folder that takes nothing."""
TEMPLATE = "%s%s_%6.6d.h5"
"""C printf format of folder, name and number, as areaDetector wants it: ``frames_000000.h5``."""


class FrameDetector(Device):
    """Takes one frame a trigger; a trigger is done when the frame is flushed to its file.

    Records are those of ``cam1`` (ADBase) and ``HDF1`` (NDFileHDF5), https://areadetector.github.io.

    Parameters
    ----------
    prefix : str
        With its colon: ``SIM:DET:``.
    frames_folder : callable
        Makes a folder, each time another one; the frames go to ``frames_000000.h5`` and so on in it.
    frames_per_file : int
        After so many the next file is opened.
    """

    acquire_time = Component(EpicsSignalWithRBV, "cam1:AcquireTime", kind="config")
    image_mode = Component(EpicsSignalWithRBV, "cam1:ImageMode", kind="omitted", string=True)
    trigger_mode = Component(EpicsSignalWithRBV, "cam1:TriggerMode", kind="omitted", string=True)
    array_callbacks = Component(EpicsSignalWithRBV, "cam1:ArrayCallbacks", kind="omitted", string=True)
    acquire = Component(EpicsSignal, "cam1:Acquire", kind="omitted")
    array_counter = Component(EpicsSignalWithRBV, "cam1:ArrayCounter", kind="omitted")
    columns = Component(EpicsSignalRO, "cam1:ArraySizeX_RBV", kind="omitted")
    rows = Component(EpicsSignalRO, "cam1:ArraySizeY_RBV", kind="omitted")
    data_type = Component(EpicsSignalRO, "cam1:DataType_RBV", kind="omitted", string=True)
    status_message = Component(EpicsSignalRO, "cam1:StatusMessage_RBV", kind="omitted", string=True)

    enable_callbacks = Component(EpicsSignalWithRBV, "HDF1:EnableCallbacks", kind="omitted", string=True)
    file_path = Component(EpicsSignalWithRBV, "HDF1:FilePath", kind="omitted", string=True)
    file_path_exists = Component(EpicsSignalRO, "HDF1:FilePathExists_RBV", kind="omitted")
    file_name = Component(EpicsSignalWithRBV, "HDF1:FileName", kind="omitted", string=True)
    file_number = Component(EpicsSignalWithRBV, "HDF1:FileNumber", kind="omitted")
    file_template = Component(EpicsSignalWithRBV, "HDF1:FileTemplate", kind="omitted", string=True)
    auto_increment = Component(EpicsSignalWithRBV, "HDF1:AutoIncrement", kind="omitted", string=True)
    file_write_mode = Component(EpicsSignalWithRBV, "HDF1:FileWriteMode", kind="omitted", string=True)
    num_capture = Component(EpicsSignalWithRBV, "HDF1:NumCapture", kind="omitted")
    frames_per_chunk = Component(EpicsSignalWithRBV, "HDF1:NumFramesChunks", kind="omitted")
    frames_per_flush = Component(EpicsSignalWithRBV, "HDF1:NumFramesFlush", kind="omitted")
    lazy_open = Component(EpicsSignalWithRBV, "HDF1:LazyOpen", kind="omitted", string=True)
    swmr_mode = Component(EpicsSignalWithRBV, "HDF1:SWMRMode", kind="omitted", string=True)
    capture = Component(EpicsSignal, "HDF1:Capture", kind="omitted")
    capturing = Component(EpicsSignalRO, "HDF1:Capture_RBV", kind="omitted", auto_monitor=True)
    captured = Component(EpicsSignalRO, "HDF1:NumCaptured_RBV", kind="omitted", auto_monitor=True)
    unique_id = Component(EpicsSignalRO, "HDF1:UniqueId_RBV", kind="omitted")
    full_file_name = Component(EpicsSignalRO, "HDF1:FullFileName_RBV", kind="omitted", string=True)
    write_status = Component(EpicsSignalRO, "HDF1:WriteStatus", kind="omitted")
    write_message = Component(EpicsSignalRO, "HDF1:WriteMessage", kind="omitted", string=True)

    def __init__(
        self, prefix: str, *, frames_folder: Callable[[], Path], frames_per_file: int = 100, name: str, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.frames_folder = frames_folder
        self.frames_per_file = frames_per_file
        self._documents = FrameDocuments(f"{name}_image", (0, 0))
        self._exposure: Errand | None = None
        self._folder = Path()
        self._said = ""
        self._counted = 0

    def stage(self) -> list[Any]:
        """Prepare a folder of its own and open the first file (which areaDetector makes with its first frame)."""
        staged: list[Any] = super().stage()
        folder = self._folder = self.frames_folder().resolve()
        self._documents = FrameDocuments(f"{self.name}_image", self._shape())
        try:
            self._close_file()
            for signal, value in self._streaming(f"{folder}/"):
                self._write(signal, value)
            if not self.file_path_exists.get():
                raise InstrumentRefused(f"{self.name}: {self.file_path.pvname}: {folder} does not exist for its IOC")
            self._open_file()
        except (InstrumentRefused, NoReply, TimeoutError):
            super().unstage()
            raise
        return staged

    def unstage(self) -> list[Any]:
        """Stop exposing and close the file."""
        unstaged: list[Any] = super().unstage()
        if self._exposure is not None and not self._exposure.done:
            self._exposure.give_up(OperandoError(f"{self.name}: its plan ended before the frame was on disk"))
        self.acquire.put(0)
        self._close_file()
        return unstaged

    def configure(self, d: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Change configuration signals: ``{"acquire_time": s}``; return what it was and is."""
        before = self.read_configuration()
        for attribute, value in d.items():
            if attribute not in self.configuration_attrs:
                raise InstrumentRefused(
                    f"{self.name}: no {attribute!r}; allowed: {', '.join(self.configuration_attrs)}"
                )
            self._write(getattr(self, attribute), value)
        return before, self.read_configuration()

    def trigger(self) -> Errand:
        """Take one frame; asked again while one is under way, return the same status."""
        if self._exposure is None or self._exposure.done:
            self._documents.forget()
            self._exposure = Errand(self, self._expose, [self.captured, self.capturing])
        return self._exposure

    def describe(self) -> dict[str, Any]:
        """Say what a frame is; the frames themselves are in the files."""
        rows, columns = self._shape()
        described = super().describe()
        described[f"{self.name}_image"] = {
            "source": f"PV:{self.prefix}",
            "dtype": "array",
            "dtype_numpy": np.dtype(str(self.data_type.get()).lower()).str,
            "shape": [1, rows, columns],
            "external": "STREAM:",
        }
        return dict(described)

    def get_index(self) -> int:
        """Return how many frames were written since staging."""
        return self._documents.frames

    def collect_asset_docs(self, index: int | None = None) -> Iterator[AssetDocument]:
        """Yield the documents of frames that are on disk and were not announced yet."""
        return self._documents.announce()

    def _expose(self, errand: Errand) -> None:
        """Expose until a frame is on disk: one that its file did not take is taken again, not announced."""
        exposure, pause = float(self.acquire_time.get()), FIRST_PAUSE
        complaint = self._take(errand, exposure)
        while complaint is not None:
            self._await_room(errand, complaint, pause)
            try:
                self._begin_elsewhere(errand, exposure)
                pause = min(2 * pause, LONGEST_PAUSE)
                complaint = self._take(errand, exposure)
            except (EndstationError, InstrumentError, OSError, DisconnectedError) as error:
                complaint = str(error)  # a full disk may take the detector's IOC with it, for a while

    def _take(self, errand: Errand, exposure: float) -> str | None:
        """Take a frame; return why the file plugin could not write it, None where it could."""
        written = self._written()
        if written >= self.frames_per_file:
            try:
                self._close_file()
                errand.check()
                self._open_file()
            except NoReply:
                if self._refuses():
                    return str(self.write_message.get(use_monitor=False))
                raise
            written = 0
        errand.check()
        self.acquire.put(1)
        # A file plugin that no longer captures, after an error or a restart, will never write this frame.
        ended = errand.wait_until(
            lambda: self._written() > written or not self._is_capturing() or self._refuses(), exposure + READOUT_TIME
        )
        file = Path(str(self.full_file_name.get(use_monitor=False)))
        if self._refuses():  # asked first: in older versions of ADCore NumCaptured counts what was not written, too
            return str(self.write_message.get(use_monitor=False))
        if self._written() > written and not os.path.exists(file):  # Path.exists raises on a stale handle
            self._close_file()
            return f"{file} was removed while it was written"
        if self._written() <= written:
            late = f"its file is closed; {self.capturing.pvname} = 0" if ended else f"after {READOUT_TIME:g} s"
            raise NoReply(
                f"{self.name}: frame {self._documents.frames + 1} is not on disk {late} after its exposure "
                f"of {exposure:g} s ({self.captured.pvname} = {written}; camera: {self.status_message.get()!r}, "
                f"file: {self.write_message.get()!r})"
            )
        self._documents.add(str(file), written)
        self._counted = int(self.unique_id.get(use_monitor=False))
        return None

    def _await_room(self, errand: Errand, complaint: str, pause: float) -> None:
        """Wait a while, and until the folder of the frames takes one; one that was removed may be made elsewhere."""
        why = complaint.partition("\n")[0]  # HDF5 writes five lines
        text = f"{self.name}: frame {self._documents.frames + 1} was not written ({why}); it is exposed again later"
        if text != self._said:
            _logger.warning("%s", text)
        self._said = text
        errand.wait_until(lambda: False, pause)
        while os.path.exists(self._folder) and trouble_with(self._folder, LARGE):
            errand.wait_until(lambda: False, CHECK_ROOM)

    def _begin_elsewhere(self, errand: Errand, exposure: float) -> None:
        """Begin a file in a folder of its own: what the last one holds, and what its IOC still knows, is uncertain.

        A slow IOC may outlast the plan: after `unstage` no parameter is written and no file opened any more.
        """
        errand.check()
        self._folder = self.frames_folder().resolve()
        self._close_file()
        for signal, value in (*self._streaming(f"{self._folder}/"), (self.acquire_time, exposure)):
            errand.check()
            self._write(signal, value)
        if int(self.array_counter.get(use_monitor=False)) < self._counted:  # a restarted IOC counts from 0 again
            self._write(self.array_counter, self._counted)
        errand.check()
        self._open_file()
        _logger.warning("%s: frame %d is exposed again", self.name, self._documents.frames + 1)

    def _refuses(self) -> bool:
        """Whether the file plugin could not write; it says so until it opens the next file."""
        return bool(self.write_status.get(use_monitor=False))

    def _streaming(self, folder: str) -> list[tuple[EpicsSignal, Any]]:
        """Everything that must hold for frames to reach the disk one by one, in the order of writing."""
        return [
            (self.image_mode, "Single"),
            (self.trigger_mode, "Internal"),
            (self.array_callbacks, "Enable"),
            (self.enable_callbacks, "Enable"),
            (self.file_path, folder),
            (self.file_name, "frames"),
            (self.file_number, 0),
            (self.file_template, TEMPLATE),
            (self.auto_increment, "Yes"),
            (self.file_write_mode, "Stream"),
            (self.num_capture, 0),  # no end: this device counts and changes the file
            (self.frames_per_chunk, 1),
            (self.frames_per_flush, 1),
            (self.lazy_open, "Yes"),  # otherwise a frame must have come before, to tell its size
            (self.swmr_mode, "On"),
        ]

    def _write(self, signal: EpicsSignal, value: Any) -> None:
        signal.put(value, wait=True, timeout=PUT_TIME)
        readback = signal.get()
        same = np.isclose(readback, value) if isinstance(value, float) else readback == value
        if not same:
            raise InstrumentRefused(
                f"{self.name}: {signal.setpoint_pvname} = {value!r} written, {readback!r} read back"
            )

    def _open_file(self) -> None:
        self.capture.put(1)  # completes only when the capture ends (a busy record), so its completion is not awaited
        self._await("Capturing", lambda: self._is_capturing() and self._written() == 0)

    def _close_file(self) -> None:
        self.capture.put(0)
        self._await("Done", lambda: not self._is_capturing())

    def _await(self, wanted: str, condition: Callable[[], bool]) -> None:
        Errand(self, lambda errand: self._settle(errand, wanted, condition), [self.capturing]).wait()

    def _settle(self, errand: Errand, wanted: str, condition: Callable[[], bool]) -> None:
        if not errand.wait_until(condition, PUT_TIME):
            raise NoReply(
                f"{self.name}: {self.capturing.pvname} is not {wanted!r} {PUT_TIME:g} s after {self.capture.pvname} "
                f"was written; file plugin: {self.write_message.get()!r}"
            )

    def _is_capturing(self) -> bool:
        return bool(self.capturing.get(use_monitor=False))

    def _written(self) -> int:
        """Frames in the open file; read afresh, for a cached number may be that of the last file."""
        return int(self.captured.get(use_monitor=False))

    def _shape(self) -> tuple[int, int]:
        return int(self.rows.get()), int(self.columns.get())
