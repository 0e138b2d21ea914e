"""Frames on disk to patterns in NeXus: the recorder's own path, beside the plain loop and beside its own stages.

The plain loop is what one writes first: h5py reads a frame, pyFAI's best engine integrates it, h5py writes the
pattern. The stages are the recorder's own, each measured alone, in s of a processor; so many frames as the cores could
do, were there nothing else and nothing to wait for, is their limit. All take turns, so that whatever else the host does
meets all alike, and the fastest turn of each counts.
"""

import os
import platform
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from operando.bench.pipeline_run import ACQUIRE_S, PER_FILE, RECIPE, SHAPE, MadeRun
from operando.bench.pipeline_turn import Turn, record
from operando.bench.plain_loop import PlainLoop
from operando.bench.stages import measure_stages

TURNS = 5
LOOP_FRAMES, STAGE_FRAMES = 40, 40
"""Of a turn."""
MEBI = 2**20
SAMPLE_S = 0.2
"""s between two looks at the memory."""
WARM = 0.2
"""Share of a long run after which its memory should not grow any more."""


def run(frames: int = 1000, turns: int = TURNS, folder: Path | None = None) -> dict[str, Any]:
    """Measure.

    Parameters
    ----------
    frames : int
        Of the recorder's turn.
    turns : int
        Of each contender.
    folder : Path, optional
        On the disk where the frames are to lie, about 0.9 MB each; by default that of temporary files.

    Returns
    -------
    dict
        ``bench``, ``ratios``, ``figures`` (the unit in the key) and ``setup``.
    """
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="operando-bench-pipeline-", dir=folder) as name:
        made = MadeRun(Path(name), frames)
        loop = PlainLoop(made, Path(name) / "plain.h5")
        ours: list[Turn] = []
        plain: list[float] = []
        stages: list[dict[str, float]] = []
        memory: list[list[int]] = []
        for _ in range(turns):
            stages.append(measure_stages(made, min(frames, PER_FILE, STAGE_FRAMES)))
            plain.append(loop.run(min(frames, LOOP_FRAMES)))
            with watched() as seen, ThreadPoolExecutor(cores, thread_name_prefix="reduction") as pool:
                ours.append(record(made, pool))
            memory.append(seen)
    fastest = {stage: min(turn[stage] for turn in stages) for stage in stages[0]}
    best = min(ours, key=lambda turn: turn.wall)
    busy, wall, alone = sum(fastest.values()), best.wall, min(plain)
    peak = max(max(seen) for seen in memory)
    return {
        "bench": "pipeline",
        "ratios": {
            "over_plain_loop": alone / wall,
            "over_stage_limit": (busy / cores) / wall,
            "memory_growth": growth(memory[-1]),
        },
        "figures": {
            "frames_per_s": 1 / wall,
            "plain_loop_frames_per_s": 1 / alone,
            "stage_limit_frames_per_s": cores / busy,
            "cores_used": best.spent / best.wall,
            **{f"{stage}_ms": 1e3 * seconds for stage, seconds in fastest.items()},
            "peak_MiB": peak / MEBI,
        },
        "setup": {
            "frames": frames,
            "turns": turns,
            "frame": f"{SHAPE[0]} x {SHAPE[1]} int32, bitshuffle/LZ4",
            "pattern": f"{RECIPE.npt} bins, {RECIPE.split}, {RECIPE.error_model}; exposures of {ACQUIRE_S} s",
            "plain_loop": "h5py, pyFAI bbox/csc/cython with the counts as variance, h5py",
            "threads": cores,
            "cores": cores,
            "pyFAI": version("pyFAI"),
            "h5py": version("h5py"),
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
    }


@contextmanager
def watched() -> Iterator[list[int]]:
    """Give a list that grows by the memory of this process, bytes, as long as the block lasts."""
    seen, over = [resident()], threading.Event()

    def look() -> None:
        while not over.wait(SAMPLE_S):
            seen.append(resident())

    thread = threading.Thread(target=look, name="memory")
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
        seen.append(resident())


def resident() -> int:
    """Return the bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def growth(seen: list[int]) -> float:
    """Return the most memory of the last part of a run over the most of its first part, once it was warm."""
    warm = seen[int(WARM * len(seen)) :]
    half = len(warm) // 2
    return max(warm[half:]) / max(warm[:half] or warm)
