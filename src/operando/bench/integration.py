"""Our integrator beside every CPU engine of pyFAI, azint and midas-integrate: the same frames, one thread each.

All is measured in a process of its own, in which OpenMP, BLAS and torch have one thread. What counts is the processor
time of that process, which other work on the host hardly changes; contenders take turns of one frame each, so that what
it does change meets all alike, and the median turn of each counts.
"""

import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.errors import OperandoError

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
TURNS, TURNS_SHORT = 15, 3
FRAMES, MEAN = 4, 1.0
SHAPE, SHAPE_SHORT = (1679, 1475), (619, 487)
"""Pilatus 2M and 300K."""
CONTESTS = (("nosplit", 1, "no"), ("bbox", 1, "bbox"), ("full", 1, "full"), ("cake", 2, "bbox"))
"""Name in the report, dimensions, splitting."""


def run(short: bool = False) -> dict[str, Any]:
    """Measure.

    Parameters
    ----------
    short : bool
        A smaller detector, three turns, and of pyFAI the fastest engine of each kind alone.

    Returns
    -------
    dict
        ``bench``, ``ratios``, ``figures`` (the unit in the key) and ``setup``.
    """
    command = [sys.executable, "-m", "operando.bench.integration", *(["--short"] if short else [])]
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise OperandoError(f"bench integration: the process that measures ended with {done.returncode}; see above")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(short: bool) -> dict[str, Any]:
    """Measure in this process, which has one thread."""
    from operando.bench import integrators as who

    shape, turns = (SHAPE_SHORT, TURNS_SHORT) if short else (SHAPE, TURNS)
    frames = who.made_frames(shape, FRAMES, MEAN)
    ratios: dict[str, float] = {}
    figures: dict[str, float] = {}
    differences: list[float] = []
    with tempfile.TemporaryDirectory(prefix="operando-bench-integration-") as name:
        for kind, dimension, split in CONTESTS:
            field = who.field(shape, Path(name), dimension, split, fastest=short)
            times = take_turns(field.contenders, frames, turns)
            best = min(times[each] for each in field.engines)
            ratios |= {f"{kind}_speedup": best / times[who.OURS], f"{kind}_parity_speedup": best / times[who.PARITY]}
            figures |= {f"{kind}_ms": times[who.OURS], f"pyfai_{kind}_ms": best}
            figures |= {f"{kind}_{each}_ms": spent for each, spent in times.items() if each != who.OURS}
            ratios |= {f"{kind}_over_{each}": times[each] / times[who.OURS] for each in field.peers}
            differences.append(field.difference(frames[0]))
            del field
            gc.collect()
    return {
        "bench": "integration",
        "ratios": ratios | {"max_relative_difference": max(differences)},
        "figures": figures,
        "setup": {
            "frames": f"{shape[0]} × {shape[1]} pixels of 172 µm, int32, Poisson, mean {MEAN:g}, gaps −1, a mask file",
            "bins": who.BINS,
            "sectors": who.SECTORS,
            "corrections": f"solid angle, polarisation {who.POLARIZATION:g}; parity: sigma from max(counts, 1)",
            "turns": turns,
            "threads": 1,
            "time": "of the processor",
            "pyFAI": version("pyFAI"),
            "numba": version("numba"),
            **who.installed(),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
        },
    }


def take_turns(contenders: Mapping[str, Any], frames: Sequence[NDArray[Any]], turns: int) -> dict[str, float]:
    """Return the median time of a frame, ms, of each."""
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for integrate in contenders.values():
        integrate(frames[0])  # builds its tables and compiles
    for turn in range(turns):
        for name, integrate in contenders.items():
            start = time.process_time()
            integrate(frames[turn % len(frames)])
            spent[name].append(time.process_time() - start)
    return {name: 1e3 * statistics.median(times) for name, times in spent.items()}


def relative_difference(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Return the largest of all bins with counts."""
    counted = np.asarray(theirs) != 0
    return float(np.abs(np.asarray(ours, np.float64)[counted] / np.asarray(theirs, np.float64)[counted] - 1).max())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure("--short" in sys.argv[1:])) + "\n")
