"""Real detector images served in place of simulated ones."""

from collections.abc import Sequence
from pathlib import Path

import fabio
import numpy as np
from numpy.typing import NDArray

from operando.sim.cell.state import TrueState
from operando.sim.iocs.exposure import Exposure


class RealFrames:
    """Images read once and served in turn.

    Raises
    ------
    ValueError
        The images differ in shape.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._images = [read_image(path) for path in paths]
        self._next = 0
        rows, columns = self._images[0].shape
        self.shape = (rows, columns)
        for path, image in zip(paths, self._images, strict=True):
            if image.shape != self.shape:
                raise ValueError(
                    f"{path}: {image.shape} pixels, but {paths[0]} has {self.shape}; one detector is wanted"
                )

    def frame(self, exposure: Exposure, states: Sequence[TrueState]) -> NDArray[np.int32]:
        """Return the next image as it was read; in the dark its pixels count nothing, its gaps stay marked."""
        image = self._images[self._next % len(self._images)]
        self._next += 1
        return image if exposure.light > 0.0 else np.minimum(image, 0)


def read_image(path: Path) -> NDArray[np.int32]:
    """Read one detector image of any format that fabio knows."""
    with fabio.open(str(path)) as image:
        return np.ascontiguousarray(image.data, dtype=np.int32)
