"""What the monitors of the beam counted during an exposure, less what they count in the dark."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from operando.analysis.blank import Beam
from operando.recorder.run import Run

NAN = math.nan


@dataclass(frozen=True, slots=True)
class Monitors:
    """Which attributes of a frame hold which monitor, and what these read in the dark.

    Parameters
    ----------
    monitor, diode, ring_current : str
        Names of the NDAttributes; empty where the beamline has none.
    monitor_dark, diode_dark : float
        Counts per second.
    """

    monitor: str
    diode: str
    ring_current: str
    monitor_dark: float
    diode_dark: float

    @classmethod
    def of(cls, run: Run) -> "Monitors":
        """Read the configuration of a run; older ones have none of it."""

        def name(key: str) -> str:
            return str(run.setting("detector", key) or "")

        return cls(
            name("monitor_attribute"),
            name("diode_attribute"),
            name("ring_current_attribute"),
            float(run.setting("quality", "monitor_dark_per_s") or 0.0),
            float(run.setting("quality", "diode_dark_per_s") or 0.0),
        )

    def beam(self, attributes: Mapping[str, float], exposure: float) -> Beam:
        """Return counts above the dark of an exposure, s; not numbers where the frame does not say."""
        return Beam(
            _above(attributes.get(self.monitor, NAN), self.monitor_dark, exposure),
            _above(attributes.get(self.diode, NAN), self.diode_dark, exposure),
        )


def _above(counts: float, dark: float, exposure: float) -> float:
    return counts - dark * exposure if dark else counts
