"""A recording as the display sees it, without files: frames with a peak that moves."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.vocabulary import Recipe

START_NS = 1_790_000_000_000_000_000
PERIOD_S = 0.01
RADIAL = np.linspace(8.0, 62.0, 3000)
AZIMUTH = np.linspace(-179.5, 179.5, 360)


def intensity(frame: int) -> NDArray[np.float64]:
    return 10 + 1000 * np.exp(-0.5 * ((RADIAL - 30 - 0.001 * frame) / 0.1) ** 2)


class ShownPatterns:
    """Patterns that were written, flushed every tenth frame."""

    radial = RADIAL
    azimuth: NDArray[np.float64] | None = AZIMUTH
    is_open = True

    def __init__(self) -> None:
        self.length = 0
        self.fetched = 0

    def stored(self, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        assert max(rows) < self.length
        self.fetched += len(rows)
        assert self.is_open
        return self._rows(rows)

    def stored_in(self, path: Path, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if not path.name:
            raise FileNotFoundError(path)
        return self._rows(rows)

    def _rows(self, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.array(rows) * PERIOD_S, np.array([intensity(row) for row in rows])


class ShownRecording:
    """A run of which more and more frames have a row."""

    def __init__(self, uid: str = "0123", cakes: bool = False) -> None:
        self.run: Any = SimpleNamespace(
            uid=uid, scan_id=7, start_ns=START_NS, recipe=Recipe(npt=len(RADIAL), unit="q_nm^-1"), setting=_no_setting
        )
        self.patterns = ShownPatterns()
        self.path, self.finished = Path("00007_0123.nxs"), False
        self.length = 0
        self.latest: dict[str, Any] = {}
        self.latest_reason = ""
        self._cakes = cakes

    def record(self, frames: int, without: str = "", **quality: Any) -> None:
        """Add frames, the last one perhaps without a pattern."""
        self.length += frames
        self.patterns.length = self.length
        frame = self.length - 1
        self.latest_reason = without
        self.latest = {"frame_number": frame + 1, "time": frame * PERIOD_S, **quality}
        if not without:
            self.latest["I"] = intensity(frame).astype(np.float32)
        if self._cakes and not without:
            self.latest["cake"] = np.repeat(self.latest["I"][None], len(AZIMUTH), axis=0)


def _no_setting(*_: str) -> None:
    return None
