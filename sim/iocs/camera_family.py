"""How the areaDetector drivers of different detectors differ, as their clients see it.

Records and their choices: ADPilatus (pilatus.template), ADEiger (eigerBase.template), ADPerkinElmer
(PerkinElmer.template), https://github.com/areaDetector.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

SWITCH = ("Disable", "Enable")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFamily:
    """What a driver shows and makes of its frames.

    Parameters
    ----------
    trigger_modes, image_modes : tuple of str
        Choices; the first trigger mode is that in which it starts by itself.
    data_type : str
        areaDetector's name of what a pixel is stored as.
    dead_time : float
        s between two exposures.
    marks : bool
        Whether gaps are marked, by −1 or in unsigned frames by the same bits; else they count nothing.
    switches : mapping
        Further records of the camera, with their choices; the first one is as delivered.
    """

    trigger_modes: tuple[str, ...] = ("Internal", "External")
    image_modes: tuple[str, ...] = ("Single", "Multiple", "Continuous")
    data_type: str = "Int32"
    dead_time: float = 0.00095
    marks: bool = True
    switches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def dtype(self) -> np.dtype[Any]:
        """What a pixel is stored as."""
        return np.dtype(self.data_type.lower())

    def encode(self, frame: NDArray[np.int32]) -> NDArray[Any]:
        """Return counts, −1 in gaps, as this detector stores them; a counter that has come to its end stays there."""
        kind: DTypeLike = self.dtype
        if self.dtype.kind == "i":
            return frame
        highest = int(np.iinfo(self.dtype).max)
        counts = np.clip(frame.astype(np.int64), 0, highest - (2 if self.marks else 0))
        if self.marks:
            counts[frame < 0] = highest + 1 + frame[frame < 0].astype(np.int64)
        return counts.astype(kind)


CAMERAS: Mapping[str, CameraFamily] = {
    "simulated": CameraFamily(),
    "pilatus": CameraFamily(trigger_modes=("Internal", "Ext. Enable", "Ext. Trigger", "Mult. Trigger", "Alignment")),
    "eiger": CameraFamily(
        trigger_modes=("Internal Series", "Internal Enable", "External Series", "External Enable", "Continuous"),
        data_type="UInt32",
        dead_time=1e-5,
        switches={"ManualTrigger": SWITCH, "DataSource": ("FileWriter", "None", "Stream")},
    ),
    "perkin_elmer": CameraFamily(
        trigger_modes=("Internal", "External", "Free Running", "Soft Trigger"),
        image_modes=("Single", "Multiple", "Continuous", "Average"),
        data_type="UInt16",
        dead_time=0.0,
        marks=False,
        switches={"PEUseOffset": SWITCH[::-1], "PEUseGain": SWITCH[::-1], "PEUsePixelCorrection": SWITCH[::-1]},
    ),
}
"""By name, as in the configuration."""
