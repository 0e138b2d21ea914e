"""The truth log: what the cell really was during each frame, for tests and final scores alone."""

import json
from collections.abc import Sequence
from pathlib import Path

from operando.sim.cell.state import TrueState
from operando.sim.iocs.exposure import Exposure
from operando.sim.iocs.states import mean


class TruthLog:
    """One JSON line a frame, appended and flushed.

    Parameters
    ----------
    path : Path
        Created with its folder.
    crystal : bool
        Whether the frames show the simulated crystal; if not, a and c are null.
    """

    def __init__(self, path: Path, crystal: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")
        self._crystal = crystal

    def append(
        self, exposure: Exposure, states: Sequence[TrueState], file: Path | None = None, index: int | None = None
    ) -> None:
        """Write the line of one frame.

        Parameters
        ----------
        exposure : Exposure
            Its window in time.
        states : sequence of TrueState
            The cell during it.
        file : Path or None
            Where the frame was written, None if nowhere.
        index : int or None
            Its place in that file.
        """
        quantities = ["stack_pressure", "temperature", "charge", "state_of_charge"]
        line = {
            "unique_id": exposure.unique_id,
            "start_ns": exposure.start_ns,
            "end_ns": exposure.end_ns,
            "light": exposure.light,
            **{quantity: mean(states, quantity) for quantity in quantities},
            **{length: mean(states, length) if self._crystal else None for length in ("a", "c")},
            "file": None if file is None else str(file),
            "index": index,
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
