"""The records of an areaDetector with a camera and an HDF5 file plugin, and how its files are opened and closed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from ophyd import Component, Device, EpicsSignal, EpicsSignalRO
from ophyd.areadetector.base import EpicsSignalWithRBV

from operando.devices.detector_family import DetectorFamily
from operando.devices.errand import Errand
from operando.errors import InstrumentRefused, NoReply

PUT_TIME = 5.0
"""s within which areaDetector takes a parameter, opens or closes a file."""
TEMPLATE = "%s%s_%6.6d.h5"
"""C printf format of folder, name and number, as areaDetector wants it: ``frames_000000.h5``."""


class AreaDetector(Device):
    """Records are those of ``cam1`` (ADBase) and ``HDF1`` (NDFileHDF5), https://areadetector.github.io.

    Parameters
    ----------
    prefix : str
        With its colon: ``SIM:DET:``.
    family : DetectorFamily
        What its driver is told.
    """

    acquire_time = Component(EpicsSignalWithRBV, "cam1:AcquireTime", kind="config")
    acquire_period = Component(EpicsSignalWithRBV, "cam1:AcquirePeriod", kind="omitted")
    num_images = Component(EpicsSignalWithRBV, "cam1:NumImages", kind="omitted")
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
    queue_size = Component(EpicsSignalRO, "HDF1:QueueSize_RBV", kind="omitted")
    queue_use = Component(EpicsSignalRO, "HDF1:QueueUse", kind="omitted")
    dropped_arrays = Component(EpicsSignalRO, "HDF1:DroppedArrays_RBV", kind="omitted", auto_monitor=True)
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

    def __init__(self, prefix: str, *, family: DetectorFamily, name: str, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.family = family
        self._settings = [
            (EpicsSignal(f"{prefix}cam1:{record}", string=True, name=f"{name}_{record.lower()}"), value)
            for record, value in family.settings.items()
        ]

    def wait_for_connection(self, all_signals: bool = False, timeout: float = 2.0) -> None:
        """Wait until every record answers, those of the family, too."""
        super().wait_for_connection(all_signals, timeout)
        for signal, _ in self._settings:
            signal.wait_for_connection(timeout=timeout)

    def written(self) -> int:
        """Return the frames in the open file; read afresh, for a cached number may be that of the last file."""
        return int(self.captured.get(use_monitor=False))

    def exposed(self) -> int:
        """Return the number of the last exposure: the detector's own counter."""
        return int(self.array_counter.get(use_monitor=False))

    def dropped(self) -> int:
        """Return how many frames the file plugin has dropped so far: its queue was full."""
        return int(self.dropped_arrays.get(use_monitor=False))

    def open_file_name(self) -> str:
        """Return the path of the open file."""
        return str(self.full_file_name.get(use_monitor=False))

    def is_acquiring(self) -> bool:
        """Return whether the camera exposes."""
        return bool(self.acquire.get(use_monitor=False))

    def is_capturing(self) -> bool:
        """Return whether the file plugin takes frames."""
        return bool(self.capturing.get(use_monitor=False))

    def refuses(self) -> bool:
        """Whether the file plugin could not write; it says so until it opens the next file."""
        return bool(self.write_status.get(use_monitor=False))

    def complaint(self) -> str:
        """Return why the file plugin could not write."""
        return str(self.write_message.get(use_monitor=False))

    def write(self, signal: EpicsSignal, value: Any) -> None:
        """Write a parameter and see it taken.

        Raises
        ------
        InstrumentRefused
            It reads back as something else.
        """
        signal.put(value, wait=True, timeout=PUT_TIME)
        readback = signal.get()
        same = np.isclose(readback, value) if isinstance(value, float) else readback == value
        if not same:
            raise InstrumentRefused(
                f"{self.name}: {signal.setpoint_pvname} = {value!r} written, {readback!r} read back"
            )

    def streaming(self, folder: str) -> list[tuple[EpicsSignal, Any]]:
        """Return everything that must hold for frames to reach the disk one by one, in the order of writing."""
        return [
            (self.image_mode, "Single"),
            (self.trigger_mode, self.family.internal),
            *self._settings,
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

    def open_file(self) -> None:
        """Open the next file, which areaDetector makes with its first frame."""
        self.capture.put(1)  # completes only when the capture ends (a busy record), so its completion is not awaited
        self._await("Capturing", lambda: self.is_capturing() and self.written() == 0)

    def close_file(self) -> None:
        """Close the open file."""
        self.capture.put(0)
        self._await("Done", lambda: not self.is_capturing())

    def stop_camera(self) -> None:
        """Stop exposures: those of a session that was killed may still go on.

        Raises
        ------
        NoReply
            The camera goes on.
        """
        self.acquire.put(0)
        patience = float(self.acquire_time.get()) + PUT_TIME

        def stopped(errand: Errand) -> None:
            if not errand.wait_until(lambda: not self.is_acquiring(), patience):
                raise NoReply(f"{self.name}: {self.acquire.pvname} is not 0 {patience:g} s after 0 was written")

        Errand(self, stopped).wait()

    def shape(self) -> tuple[int, int]:
        """Return rows and columns of a frame."""
        return int(self.rows.get()), int(self.columns.get())

    def _await(self, wanted: str, condition: Callable[[], bool]) -> None:
        Errand(self, lambda errand: self._settle(errand, wanted, condition), [self.capturing]).wait()

    def _settle(self, errand: Errand, wanted: str, condition: Callable[[], bool]) -> None:
        if not errand.wait_until(condition, PUT_TIME):
            raise NoReply(
                f"{self.name}: {self.capturing.pvname} is not {wanted!r} {PUT_TIME:g} s after {self.capture.pvname} "
                f"was written; file plugin: {self.write_message.get()!r}"
            )
