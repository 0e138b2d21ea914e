"""What the monitors of the beam counted during an exposure, less what they count in the dark."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from operando.analysis.blank import Beam
from operando.errors import AnalysisError
from operando.recorder.run import Run

NAN = math.nan
DARK_SPREADS = 5.0
"""Standard deviations of the dark's own counts; less above the dark is no beam, once in a million frames."""


@dataclass(frozen=True, slots=True)
class Monitors:
    """Which attributes of a frame hold which monitor, and what these read in the dark.

    Parameters
    ----------
    monitor, diode, ring_current : str
        Names of the NDAttributes; empty where the beamline has none.
    monitor_dark, diode_dark : float
        Counts per second.
    beam_off_below : float
        Counts per second of the monitor above its dark, below which there is no beam.
    """

    monitor: str = ""
    diode: str = ""
    ring_current: str = ""
    monitor_dark: float = 0.0
    diode_dark: float = 0.0
    beam_off_below: float = 0.0

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
            float(run.setting("quality", "beam_off_below_per_s") or 0.0),
        )

    def beam(self, attributes: Mapping[str, float], exposure: float) -> Beam:
        """Return counts above the dark of an exposure, s; not numbers where the frame does not say."""
        return Beam(
            _above(attributes.get(self.monitor, NAN), self.monitor_dark, exposure),
            _above(attributes.get(self.diode, NAN), self.diode_dark, exposure),
        )

    def scaling(self, attributes: Mapping[str, float], exposure: float) -> float:
        """Return the monitor's counts above its dark, by which a pattern is scaled.

        Raises
        ------
        AnalysisError
            There was no beam, or nothing says whether there was: a pattern would be noise, multiplied.
        """
        counts = self.beam(attributes, exposure).monitor
        if self.monitor_dark and math.isnan(exposure):
            raise AnalysisError(
                f"incident monitor less a dark of {self.monitor_dark:g} counts/s ([quality] monitor_dark_per_s) for an "
                "exposure of unknown length; it is not integrated"
            )
        limits = {"what its dark scatters by ([quality] monitor_dark_per_s)": self._noise(exposure)}
        if self.beam_off_below:
            limits["[quality] beam_off_below_per_s"] = self.beam_off_below * exposure
        why = max(limits, key=lambda each: limits[each])
        if counts <= limits[why]:
            raise AnalysisError(
                f"incident monitor {counts:g} counts above its dark, at most {limits[why]:g} is no beam: {why}; "
                "it is not integrated"
            )
        return counts

    def _noise(self, exposure: float) -> float:
        """Return the counts above the dark that are the dark's own scatter."""
        return DARK_SPREADS * math.sqrt(self.monitor_dark * exposure) if self.monitor_dark else 0.0


def _above(counts: float, dark: float, exposure: float) -> float:
    return counts - dark * exposure if dark else counts
