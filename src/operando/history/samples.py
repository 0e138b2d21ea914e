"""What the environment log knows about one quantity over an interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Samples:
    """Samples of one quantity, in the order of time.

    Parameters
    ----------
    time_ns : NDArray[int64]
        UTC, ns since the epoch.
    value : NDArray[float64]
        In the quantity's unit; NaN where nothing was measured.
    quality : NDArray[int8]
        Numbers of `operando.vocabulary.Quality`.
    """

    time_ns: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.time_ns)
