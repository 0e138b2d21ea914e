"""The demo's final score: the file of record against the environment log and the simulator's truth log."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KILO = 1000.0
"""kPa in one MPa."""


def score(root: Path, file: Path, uid: str, target: float) -> dict[str, Any]:
    """Judge one run.

    Parameters
    ----------
    root : Path
        The endstation's root.
    file : Path
        The run's file of record.
    uid : str
        The run.
    target : float
        MPa, the stack pressure that was asked for.

    Returns
    -------
    dict
        ``pressure_rms_kPa`` and ``pressure_max_error_kPa`` of the logged pressure from first settled to the end of the
        programme; ``frames_written`` as the documents announce them; ``frames_integrated``;
        ``lattice_a_max_error_A`` against the truth over each exposure, None for real images.
    """
    errors = _pressure_errors(root, _start_ns(root, uid), target)
    return {
        "pressure_rms_kPa": round(float((errors**2).mean() ** 0.5), 3),
        "pressure_max_error_kPa": round(float(abs(errors).max()), 3),
        "frames_written": _announced(root, uid),
        "frames_integrated": _integrated(file),
        "lattice_a_max_error_A": _lattice_error(root, file),
    }


def _documents(root: Path, uid: str) -> list[tuple[str, dict[str, Any]]]:
    from operando.journal import read_journal

    return list(read_journal(root / "journal" / f"{uid}.jsonl"))


def _start_ns(root: Path, uid: str) -> int:
    return int(next(doc["time"] for name, doc in _documents(root, uid) if name == "start") * 1e9)


def _announced(root: Path, uid: str) -> int:
    ranges = [doc["indices"] for name, doc in _documents(root, uid) if name == "stream_datum"]
    return sum(int(indices["stop"]) - int(indices["start"]) for indices in ranges)


def _pressure_errors(root: Path, start_ns: int, target: float) -> "NDArray[np.float64]":
    """kPa, at each good sample from first settled on the target to the last sample of the cell programme."""
    from operando.history import EnvironmentHistory

    history = EnvironmentHistory(root / "environment")
    try:
        end = history.last("voltage")
        end_ns = end.time_ns if end else start_ns
        asked = history.samples("stack_pressure_target", start_ns, end_ns)
        settled = history.samples("stack_pressure_settled", start_ns, end_ns)
        begun = asked.time_ns[asked.value == target].min()
        first = settled.time_ns[(settled.value == 1) & (settled.time_ns >= begun)].min()
        pressure = history.samples("stack_pressure", int(first), end_ns)
    finally:
        history.close()
    errors: NDArray[np.float64] = (pressure.value[pressure.quality == 0] - target) * KILO
    return errors


def _integrated(file: Path) -> int:
    import h5py
    import numpy as np

    from operando.recorder.pattern_entry import pattern_entries

    with h5py.File(file, locking=False) as record:
        return int(np.isfinite(next(pattern_entries(record)).patterns[()]).any(axis=1).sum())


def _lattice_error(root: Path, file: Path) -> float | None:
    """Å, largest deviation of the fitted a from the truth during the same exposure."""
    import h5py

    from operando.recorder.pattern_entry import pattern_entries

    lines = [json.loads(line) for line in (root / "sim" / "truth.jsonl").read_text().splitlines()]
    truth = {line["unique_id"]: line["a"] for line in lines if line["a"] is not None}
    with h5py.File(file, locking=False) as record:
        frames = next(pattern_entries(record)).frames
        if "lattice_a" not in frames or not truth:
            return None
        fitted = zip(frames["frame_number"][()].tolist(), frames["lattice_a"][()].tolist(), strict=True)
        return float(round(max(abs(a - truth[number]) for number, a in fitted), 7))
