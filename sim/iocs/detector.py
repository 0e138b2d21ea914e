"""areaDetector's camera, ``cam1``: the records of ADBase.template that a client of a counting detector uses."""

import asyncio
import time
import types
from itertools import count
from typing import Any, cast

from caproto import ChannelType, SkipWrite
from caproto.server import PVGroup, pvproperty

from operando.sim.detector_faults import DetectorFaults
from operando.sim.iocs.beam import Beam
from operando.sim.iocs.camera_family import CAMERAS, CameraFamily
from operando.sim.iocs.hdf_plugin import HdfPlugin
from operando.sim.iocs.parameters import choice, choice_readback, number, number_readback, text_readback
from operando.sim.iocs.readout import Readout

STANDSTILL = 0.1
"""s between two looks of a camera that is stuck."""

STATES = (
    *("Idle", "Acquire", "Readout", "Correct", "Saving", "Aborting", "Error"),
    *("Waiting", "Initializing", "Disconnected", "Aborted"),
)
"""Of ADDriver.h, ADStatus_t."""

DATA_TYPES = ("Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float32", "Float64")


class Camera(PVGroup):
    """Exposes in real time and hands every finished exposure to the file plugin.

    A put to Acquire completes when the last exposure has ended; its frame is rendered and written after that.

    Parameters
    ----------
    prefix : str
        With its colon: ``SIM:DET:cam1:``.
    beam : Beam
        What an exposure sees.
    readout : Readout
        Where frames come from.
    plugin : HdfPlugin
        Who gets them.
    """

    family: CameraFamily = CAMERAS["simulated"]

    def __init__(self, prefix: str, beam: Beam, readout: Readout, plugin: HdfPlugin) -> None:
        super().__init__(prefix)
        self._beam = beam
        self._readout = readout
        self._plugin = plugin
        self.faults = DetectorFaults()
        """What is wrong just now."""
        self._acquisition: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def close(self) -> None:
        """End an acquisition."""
        self._stop.set()
        if self._acquisition is not None:
            await self._acquisition

    async def _put_acquire(self, record: Any, value: str) -> None:
        """Start or stop; complete when the detector is idle, and go on should the client vanish."""
        running = self._acquisition is not None and not self._acquisition.done()
        if value == "Acquire" and not running:
            self._stop.clear()
            self._acquisition = asyncio.create_task(self._acquire())
        elif value != "Acquire":
            self._stop.set()
        if self._acquisition is not None:
            await asyncio.shield(self._acquisition)
        raise SkipWrite

    async def _acquire(self) -> None:
        """Expose as often as ImageMode and NumImages say."""
        refusal = self._refusal()
        if refusal:
            await self._show("Error", refusal, acquiring=False)
            return
        await self.images_counter.write(0)
        await self._show("Acquire", "Acquiring data", acquiring=True)
        mode = self.image_mode.readback.value
        limit = {"Single": 1, "Multiple": self.num_images.readback.value}.get(mode)
        start = asyncio.get_running_loop().time()
        for number_of_image in count():
            if number_of_image == limit or await self._stopped_before(start + number_of_image * self._period()):
                break
            if not await self._expose():
                break
            await self.images_counter.write(number_of_image + 1)
        await self._show("Idle", "Acquisition stopped" if self._stop.is_set() else "", acquiring=False)

    def _refusal(self) -> str:
        """Return why the detector cannot acquire, or nothing."""
        internal = self.family.trigger_modes[0]
        if self.trigger_mode.readback.value != internal:
            return f"TriggerMode {self.trigger_mode.readback.value}: no trigger is wired; set {internal}"
        if self.acquire_time.readback.value <= 0.0:
            return f"AcquireTime {self.acquire_time.readback.value} s: more than 0 s is wanted"
        if not self._readout.ready():
            return "The simulated cell has not told its state yet"
        return ""

    def _period(self) -> float:
        return float(max(self.acquire_period.readback.value, self.acquire_time.readback.value + self.family.dead_time))

    async def _expose(self) -> bool:
        """Count for AcquireTime and hand the exposure on; False when stopped, the counts are then discarded."""
        while self.faults.stands_still:
            if await self._stopped_before(asyncio.get_running_loop().time() + STANDSTILL):
                return False
        start_ns = time.time_ns()
        if await self._stopped_before(asyncio.get_running_loop().time() + self.acquire_time.readback.value):
            return False
        end_ns = time.time_ns()
        unique_id = int(self.array_counter.readback.value) + 1
        exposure = self._beam.exposure(unique_id, start_ns, end_ns)
        if self.array_callbacks.readback.value == "Enable" and not self.faults.loses(unique_id):
            self._plugin.accept(exposure)
        else:
            self._readout.skip(exposure)
        await self.array_counter.setpoint.write(unique_id)
        return True

    async def _stopped_before(self, moment: float) -> bool:
        """Wait until a moment of the loop's clock, s, or until a stop; True when stopped."""
        try:
            await asyncio.wait_for(self._stop.wait(), max(0.0, moment - asyncio.get_running_loop().time()))
        except TimeoutError:
            return False
        return True

    async def _show(self, state: str, message: str, *, acquiring: bool) -> None:
        await self.detector_state.write(state)
        await self.status_message.write(message)
        await self.acquire_readback.write("Acquiring" if acquiring else "Done")
        await self.acquire_busy.write("Acquiring" if acquiring else "Done")
        await self.acquire.write("Acquire" if acquiring else "Done", verify_value=False)

    async def _fill(self, record: Any, layer: Any) -> None:
        """Tell the size of the frames."""
        rows, columns = self._readout.shape
        for sizes, pixels in (((self.size_x, self.max_size_x), columns), ((self.size_y, self.max_size_y), rows)):
            for size in sizes:
                await size.write(pixels)
        await self.size_bytes.write(rows * columns * self.family.dtype.itemsize)

    port_name = text_readback("PortName_RBV", "SIM1")
    manufacturer = text_readback("Manufacturer_RBV", "operando")
    model = pvproperty(
        name="Model_RBV",
        value="simulated hybrid pixel detector",
        dtype=str,
        max_length=256,
        read_only=True,
        startup=_fill,
    )
    acquire_time = number("AcquireTime", 1.0, units="s")
    acquire_period = number("AcquirePeriod", 1.0, units="s")
    num_images = number("NumImages", 1)
    images_counter = number_readback("NumImagesCounter", 0)
    image_mode = choice("ImageMode", ("Single", "Multiple", "Continuous"), "Single")
    trigger_mode = choice("TriggerMode", ("Internal", "External"), "Internal")
    array_callbacks = choice("ArrayCallbacks", ("Disable", "Enable"), "Enable")
    array_counter = number("ArrayCounter", 0)
    detector_state = choice_readback("DetectorState_RBV", STATES, "Idle")
    status_message = text_readback("StatusMessage_RBV")
    data_type = choice_readback("DataType_RBV", DATA_TYPES, "Int32")
    size_x = number_readback("ArraySizeX", 0)
    size_y = number_readback("ArraySizeY", 0)
    size_z = number_readback("ArraySizeZ", 0)
    size_bytes = number_readback("ArraySize", 0)
    max_size_x = number_readback("MaxSizeX", 0)
    max_size_y = number_readback("MaxSizeY", 0)
    acquire = pvproperty(
        name="Acquire", value="Done", dtype=ChannelType.ENUM, enum_strings=("Done", "Acquire"), put=_put_acquire
    )
    acquire_readback = choice_readback("Acquire_RBV", ("Done", "Acquiring"), "Done")
    acquire_busy = choice_readback("AcquireBusy", ("Done", "Acquiring"), "Done")


def camera_class(family: CameraFamily) -> type[Camera]:
    """Return the camera with the choices and the further records of a family."""
    records: dict[str, Any] = {
        "image_mode": choice("ImageMode", family.image_modes, "Single"),
        "trigger_mode": choice("TriggerMode", family.trigger_modes, family.trigger_modes[0]),
        "data_type": choice_readback("DataType_RBV", DATA_TYPES, family.data_type),
    }
    records |= {name.lower(): choice(name, options, options[0]) for name, options in family.switches.items()}
    made = types.new_class("FamilyCamera", (Camera,), exec_body=lambda body: body.update(records, family=family))
    return cast("type[Camera]", made)
