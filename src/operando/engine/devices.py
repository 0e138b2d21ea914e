"""The devices of an endstation, built from its configuration."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ophyd import Device

from operando.config import Endstation
from operando.devices import (
    FrameDetector,
    Heater,
    Potentiostat,
    RingCurrent,
    SampleStage,
    Shutter,
    StackPressure,
)
from operando.devices.detector_family import FAMILIES
from operando.errors import EndstationError

CONNECTION_TIME = 15.0
"""s within which every record must answer; a restarted server is found again after up to 6 s."""


@dataclass(frozen=True, slots=True)
class Devices:
    """The devices of an endstation, by the names that plans and people use."""

    stack_pressure: StackPressure
    heater: Heater
    potentiostat: Potentiostat
    stage: SampleStage
    detector: FrameDetector
    shutter: Shutter
    ring_current: RingCurrent
    channels: dict[str, Potentiostat] = field(default_factory=dict)
    """Those of the further channels, by name: ``potentiostat_b``."""

    @property
    def named(self) -> dict[str, Device]:
        """Return each device by its name."""
        own = {each.name: getattr(self, each.name) for each in dataclasses.fields(self) if each.name != "channels"}
        return own | self.channels

    def connect(self, timeout: float = CONNECTION_TIME) -> None:
        """Wait until every record of every device answers.

        Raises
        ------
        EndstationError
            Names the records that do not.
        """
        silent = []
        for name, device in self.named.items():
            try:
                device.wait_for_connection(timeout=timeout)
            except TimeoutError as error:
                silent.append(f"{name}: {error}")
                timeout = 0.1  # the others have had their time meanwhile
        if silent:
            raise EndstationError("; ".join(silent) + "; `operando status` tells whether their servers run")


def build(config: Endstation, frames_folder: Callable[[], Path]) -> Devices:
    """Make the devices; nothing is connected yet.

    Parameters
    ----------
    config : Endstation
        The configuration.
    frames_folder : callable
        Makes a folder for frames that are about to be taken.
    """
    prefix = config.prefix
    channels = {f"potentiostat_{channel.name.lower()}": channel.name for channel in config.channels}
    return Devices(
        stack_pressure=StackPressure(prefix, name="stack_pressure"),
        heater=Heater(prefix, name="heater"),
        potentiostat=Potentiostat(prefix, name="potentiostat"),
        stage=SampleStage(x=config.stage.x, y=config.stage.y, z=config.stage.z, name="stage"),
        detector=FrameDetector(
            config.detector.prefix,
            frames_folder=frames_folder,
            frames_per_file=config.detector.frames_per_file,
            family=FAMILIES[config.detector.family],
            name="detector",
        ),
        shutter=Shutter(config.source.shutter, name="shutter"),
        ring_current=RingCurrent(config.source.ring_current, name="ring_current"),
        channels={name: Potentiostat(prefix, channel=channel, name=name) for name, channel in channels.items()},
    )
