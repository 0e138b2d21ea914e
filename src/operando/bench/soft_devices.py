"""The devices of an endstation without its hardware: what a plan reads of them, in memory."""

from collections.abc import Iterator
from typing import Any

from ophyd import Component, Device, Signal
from ophyd.status import DeviceStatus

from operando.devices import Heater, Potentiostat, StackPressure
from operando.devices.frame_documents import AssetDocument, FrameDocuments

SHAPE = (1043, 981)
"""Rows and columns of a frame."""


def soft(device: type[Device], name: str, values: dict[str, Any]) -> Device:
    """Return a device with the signals that a class of ours reads, of its kinds, in memory.

    Parameters
    ----------
    device : type
        Of `operando.devices`.
    values : dict
        Of the signals whose value is no 85.0079909929885.
    """
    components = {}
    for attribute in device.component_names:
        kind = getattr(device, attribute).kind
        if kind.name in ("hinted", "normal", "config"):
            components[attribute] = Component(Signal, kind=kind, value=values.get(attribute, 85.0079909929885))
    return type(f"Soft{device.__name__}", (Device,), components)(name=name)


class SoftDetector(Device):
    """Announces a frame a trigger, as `operando.devices.FrameDetector` does, and takes none."""

    acquire_time = Component(Signal, kind="config", value=1.0)

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)
        self._documents = FrameDocuments(f"{name}_image", SHAPE)

    def trigger(self) -> DeviceStatus:
        """Count a frame."""
        self._documents.add("/data/raw/20261120/c2dc8e67/frames_000000.h5", self._documents.frames)
        status = DeviceStatus(self)
        status.set_finished()
        return status

    def describe(self) -> dict[str, Any]:
        """Say what a frame would be."""
        image = {"source": "PV:SIM:DET:", "dtype": "array", "dtype_numpy": "<i4", "shape": [1, *SHAPE]}
        return {f"{self.name}_image": image | {"external": "STREAM:"}}

    def get_index(self) -> int:
        """Return how many frames were counted."""
        return self._documents.frames

    def collect_asset_docs(self, index: int | None = None) -> Iterator[AssetDocument]:
        """Yield the documents of frames that were not announced yet."""
        return self._documents.announce()


def soft_devices() -> list[Device]:
    """Return what `operando.plans.operando_cycle` reads with every frame."""
    return [
        SoftDetector(name="detector"),
        soft(StackPressure, "stack_pressure", {}),
        soft(Heater, "heater", {}),
        soft(Potentiostat, "potentiostat", {"cycle": 1, "step": 1, "state": "running", "programme": "{}"}),
    ]
