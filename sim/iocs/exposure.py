"""One exposure of the detector, and what turns it into a frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from operando.sim.cell.state import TrueState


@dataclass(frozen=True, slots=True)
class Exposure:
    """A window in time during which the detector counted.

    Parameters
    ----------
    unique_id : int
        NDArray's uniqueId: the frame number since the detector's counter was last set.
    start_ns, end_ns : int
        UTC, ns since the epoch.
    light : float
        s, the time that the full beam (100 mA in the ring, shutter open) would have needed for the same dose.
    attributes : mapping
        What the camera attaches to the frame, by name: areaDetector's NDAttributes.
    sample : str
        What stood in the beam: ``cell``, or the name of a calibrant.
    """

    unique_id: int
    start_ns: int
    end_ns: int
    light: float
    attributes: Mapping[str, float] = field(default_factory=dict)
    sample: str = "cell"


class FrameSource(Protocol):
    """Where frames come from."""

    shape: tuple[int, int]
    """Rows and columns."""

    def frame(self, exposure: Exposure, states: Sequence[TrueState]) -> NDArray[np.int32]:
        """Return the counts of each pixel, −1 in gaps.

        Parameters
        ----------
        exposure : Exposure
            When, and how much light.
        states : sequence of TrueState
            The cell during the exposure, at least one.
        """
        ...
