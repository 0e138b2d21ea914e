"""What keeps the cores busy while the pressure loop is watched: a recorder and a RunEngine, each in its own process.

``python -m operando.bench.jitter_load recorder FOLDER`` integrates frames and writes files until it is told to stop;
``… engine FOLDER`` counts devices of the endstation in ``OPERANDO_CONFIG`` and ``OPERANDO_ROOT``. Both write a line
once they are at work, and at SIGTERM the number of frames or points they did.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

SHAPE = (1679, 1475)
"""Pixels of a Pilatus 2M."""
FRAMES = 8
"""In the file that is integrated again and again."""
NICENESS = 10
"""What `operando record` gives itself."""
PONI = """poni_version: 2.1
Detector: Detector
Detector_config: {"pixel1": 0.000172, "pixel2": 0.000172, "max_shape": [1679, 1475], "orientation": 3}
Distance: 0.3
Poni1: 0.144
Poni2: 0.127
Rot1: 0.0
Rot2: 0.0
Rot3: 0.0
Wavelength: 2.0664e-11
"""


def integrate(folder: Path, working: Callable[[], None], stop: threading.Event) -> int:
    """Integrate frames of 2 megapixels flat out, as the recorder does; return how many."""
    from operando.recorder.offline import integrate_files
    from operando.vocabulary import Recipe

    os.nice(NICENESS)
    raw, output, done = folder / "frames.h5", folder / "integrated.nxs", 0
    _write_frames(raw)
    recipe = Recipe(npt=2000, unit="q_nm^-1")
    while not stop.is_set():
        done += integrate_files([raw], PONI, recipe, output).frames
        output.unlink()
        working()
    return done


def count(folder: Path, working: Callable[[], None], stop: threading.Event) -> int:
    """Count pressure and temperature flat out, as a busy RunEngine does; return how many points."""
    from bluesky.plans import count as counting

    from operando import startup

    done = 0
    while not stop.is_set():
        startup.RE(counting([startup.stack_pressure, startup.heater], num=50))
        done += 50
        working()
    return done


def _write_frames(file: Path) -> None:
    """Write frames of Poisson counts, compressed as a detector's file plugin does it."""
    import h5py
    import hdf5plugin
    import numpy as np

    dice = np.random.default_rng(1)
    with h5py.File(file, "w") as target:
        target.create_dataset(
            "entry/data/data",
            data=dice.poisson(20.0, (FRAMES, *SHAPE)).astype(np.int32),
            chunks=(1, *SHAPE),
            **hdf5plugin.Bitshuffle(),
        )


def main() -> None:
    """Work until SIGTERM."""
    stop, told = threading.Event(), threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())

    def working() -> None:
        if not told.is_set():
            told.set()
            sys.stdout.write("working\n")
            sys.stdout.flush()

    work = {"recorder": integrate, "engine": count}[sys.argv[1]]
    sys.stdout.write(f"{work(Path(sys.argv[2]), working, stop)}\n")


if __name__ == "__main__":
    main()
