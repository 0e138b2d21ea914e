"""areaDetector's HDF5 file plugin, ``HDF1``: the records of NDFileHDF5.template that a streaming client uses.

Defaults are what autosave would restore on an endstation set up for streaming; a client sets them all the same.
"""

import asyncio
import logging
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from caproto import ChannelType, SkipWrite
from caproto.server import PVGroup, pvproperty

from operando.sim.detector_faults import DetectorFaults
from operando.sim.iocs.camera_family import CAMERAS, CameraFamily
from operando.sim.iocs.exposure import Exposure
from operando.sim.iocs.hdf_file import FrameFile, file_path, make_folder
from operando.sim.iocs.parameters import (
    choice,
    choice_readback,
    number,
    number_readback,
    text,
    text_readback,
)
from operando.sim.iocs.readout import Readout

logger = logging.getLogger(__name__)

SWITCH = ("Disable", "Enable")
COMPRESSIONS = ("None", "N-bit", "szip", "zlib", "Blosc", "BSLZ4", "LZ4", "JPEG")


async def put_path(pair: Any, record: Any, value: str) -> None:
    """Normalise FilePath as areaDetector does, create it if CreateDirectory allows, and tell whether it exists."""
    plugin = pair.parent
    folder = value.rstrip("/") + "/" if value else ""
    levels = -plugin.create_directory.readback.value
    if folder and levels > 0:
        try:
            make_folder(Path(folder), levels)
        except OSError as error:
            await plugin.complain(f"FilePath {folder!r} could not be created: {error}")
    await pair.readback.write(folder)
    await plugin.file_path_exists.write("Yes" if folder and Path(folder).is_dir() else "No")


class HdfPlugin(PVGroup):
    """Streams frames to HDF5 files.

    A put to Capture completes, as that of areaDetector's busy record, when the capture has ended.

    Parameters
    ----------
    prefix : str
        With its colon: ``SIM:DET:HDF1:``.
    readout : Readout
        The thread that writes.
    family : CameraFamily
        Of the camera.
    """

    def __init__(self, prefix: str, readout: Readout, family: CameraFamily = CAMERAS["simulated"]) -> None:
        super().__init__(prefix)
        self._readout = readout
        self._family = family
        self._file: FrameFile | None = None
        self._unnamed: FrameFile | None = None
        self.faults = DetectorFaults()
        """What is wrong just now."""
        self._primed = False
        self._accepted = 0
        self._queued = 0
        self._ended = asyncio.Event()
        self._storing: set[asyncio.Task[None]] = set()

    def accept(self, exposure: Exposure) -> None:
        """Take the frame of an exposure, in the order of exposures; never wait."""
        enabled = self.enable_callbacks.readback.value == "Enable"
        self._primed = self._primed or enabled
        wanted = self.num_capture.readback.value
        if not enabled or self._file is None or (wanted > 0 and self._accepted >= wanted):
            self._readout.skip(exposure)
            return
        if self.faults.queue_full or self._queued >= self.queue_size.readback.value:
            self._readout.skip(exposure)
            self._start(self._count_dropped())
            return
        self._accepted += 1
        self._queued += 1
        stored = self._readout.submit(partial(self._readout.store, exposure, self._file))
        self._start(self._acknowledge(stored, exposure, self._file))

    async def close(self) -> None:
        """End a capture and see every accepted frame on disk."""
        await self._end_capture()
        await asyncio.gather(*self._storing)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)

    async def _count_dropped(self) -> None:
        await self.dropped_arrays.setpoint.write(self.dropped_arrays.readback.value + 1)

    async def _acknowledge(self, stored: Future[int], exposure: Exposure, file: FrameFile) -> None:
        """Count a frame once it is flushed; end the capture when it was the last or could not be written."""
        await self.queue_use.write(self._queued)
        try:
            captured = await asyncio.wrap_future(stored)
        except (OSError, RuntimeError, ValueError) as error:  # all that h5py raises
            await self.complain(f"frame {exposure.unique_id} could not be written: {error}")
            self._start(self._end_capture())
            return
        finally:
            self._queued -= 1
            await self._tell_name(file)
            await self.queue_use.write(self._queued)
        await self.array_counter.setpoint.write(self.array_counter.readback.value + 1)
        await self.unique_id.write(exposure.unique_id)
        await self.num_captured.write(captured)
        if captured == self.num_capture.readback.value:
            self._start(self._end_capture())

    async def _put_capture(self, record: Any, value: str) -> None:
        """Start or end a capture; complete when it has ended."""
        if value != "Capture":
            await self._end_capture()
        elif self._file is None and await self._begin_capture():
            await self._ended.wait()
        raise SkipWrite

    async def _begin_capture(self) -> bool:
        """Open a file, or say in WriteMessage why not."""
        try:
            file = self._new_file()
            if self.lazy_open.readback.value == "No":
                await asyncio.wrap_future(self._readout.submit(file.open))
        except (OSError, ValueError) as error:
            await self.complain(str(error))
            await self.capture.write("Done", verify_value=False)
            return False
        self._file, self._accepted = file, 0
        self._ended.clear()
        self._unnamed = file
        await self.full_file_name.write("")
        if self.lazy_open.readback.value == "No":
            await self._tell_name(file)
        await self.num_captured.write(0)
        await self.write_status.write("Ok")
        await self.write_message.write("")
        await self.swmr_active.write("Active" if self.swmr_mode.readback.value == "On" else "Off")
        await self.capture_readback.write("Capturing")
        await self.capture.write("Capture", verify_value=False)
        return True

    async def _tell_name(self, file: FrameFile) -> None:
        """Say what the file is called, once it is opened: lazily, that is with its first frame (NDPluginFile.cpp)."""
        if file is not self._unnamed:
            return
        self._unnamed = None
        await self.full_file_name.write(str(file.path))
        if self.auto_increment.readback.value == "Yes":
            await self.file_number.setpoint.write(self.file_number.readback.value + 1)

    def _new_file(self) -> FrameFile:
        """Return the file that the records describe."""
        mode = self.file_write_mode.readback.value
        compression = self.compression.readback.value
        if mode != "Stream":
            raise ValueError(f"FileWriteMode is {mode}; this plugin captures in mode Stream")
        if compression not in ("None", "BSLZ4"):
            raise ValueError(f"Compression is {compression}; this plugin knows None and BSLZ4")
        if self.lazy_open.readback.value == "No" and not self._primed:
            raise ValueError("no array has come yet, so its size is not known; acquire one first, or set LazyOpen")
        folder, name = self.file_path.readback.value, self.file_name.readback.value
        if not folder or not Path(folder).is_dir():
            raise ValueError(f"FilePath {folder!r} does not exist")
        path = file_path(folder, name, self.file_number.readback.value, self.file_template.readback.value)
        if path.exists():
            raise ValueError(f"{path} exists already; a file of frames is never overwritten")
        swmr = self.swmr_mode.readback.value == "On"
        return FrameFile(path, self._readout.shape, compression == "BSLZ4", swmr, self._family)

    async def _end_capture(self) -> None:
        """Close the file behind the frames that are still queued."""
        file, self._file = self._file, None
        if file is None:
            return
        try:
            await asyncio.wrap_future(self._readout.submit(file.close))
        except (OSError, RuntimeError, ValueError) as error:
            await self.complain(f"{file.path} could not be closed: {error}")
        await self.swmr_active.write("Off")
        await self.capture_readback.write("Done")
        await self.capture.write("Done", verify_value=False)
        self._ended.set()

    async def complain(self, message: str) -> None:
        """Show an error in WriteStatus and WriteMessage."""
        logger.warning("%s: %s", self.prefix, message)
        await self.write_status.write("Error")
        await self.write_message.write(message[:255])

    port_name = text_readback("PortName_RBV", "FileHDF1")
    array_port = text("NDArrayPort", "SIM1")
    enable_callbacks = choice("EnableCallbacks", SWITCH, "Enable")
    blocking_callbacks = choice("BlockingCallbacks", ("No", "Yes"), "No")
    array_counter = number("ArrayCounter", 0)
    unique_id = number_readback("UniqueId", 0)
    queue_size = number("QueueSize", 20)
    queue_use = pvproperty(name="QueueUse", value=0, read_only=True)
    dropped_arrays = number("DroppedArrays", 0)
    file_path_exists = choice_readback("FilePathExists_RBV", ("No", "Yes"), "No")
    create_directory = number("CreateDirectory", 0)
    file_path = text("FilePath", put=put_path)
    file_name = text("FileName", "frames")
    file_number = number("FileNumber", 0)
    file_template = text("FileTemplate", "%s%s_%6.6d.h5")
    auto_increment = choice("AutoIncrement", ("No", "Yes"), "Yes")
    auto_save = choice("AutoSave", ("No", "Yes"), "No")
    file_write_mode = choice("FileWriteMode", ("Single", "Capture", "Stream"), "Stream")
    num_capture = number("NumCapture", 0)
    num_captured = number_readback("NumCaptured", 0)
    full_file_name = text_readback("FullFileName_RBV")
    write_status = choice_readback("WriteStatus", ("Ok", "Error"), "Ok")
    write_message = text_readback("WriteMessage")
    compression = choice("Compression", COMPRESSIONS, "BSLZ4")
    frames_per_chunk = number("NumFramesChunks", 1)
    frames_per_flush = number("NumFramesFlush", 1)
    lazy_open = choice("LazyOpen", ("No", "Yes"), "Yes")
    swmr_mode = choice("SWMRMode", ("Off", "On"), "On")
    swmr_active = choice_readback("SWMRActive_RBV", ("Off", "Active"), "Off")
    swmr_supported = choice_readback("SWMRSupported_RBV", ("No", "Yes"), "Yes")
    capture = pvproperty(
        name="Capture", value="Done", dtype=ChannelType.ENUM, enum_strings=("Done", "Capture"), put=_put_capture
    )
    capture_readback = choice_readback("Capture_RBV", ("Done", "Capturing"), "Done")
