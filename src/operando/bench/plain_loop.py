"""What one writes first: read a frame, integrate it with pyFAI, write the pattern, and the next."""

import time
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  registers bitshuffle/LZ4 with HDF5
import numpy as np

from operando.analysis.geometry import read_geometry
from operando.bench.pipeline_run import PONI, RECIPE, SHAPE, MadeRun

METHOD = (RECIPE.split, "csc", "cython")
"""pyFAI's fastest engine on a processor, by `operando bench integration`."""


class PlainLoop:
    """Reads the files of a run, and writes one of patterns.

    Parameters
    ----------
    made : MadeRun
        The run.
    output : Path
        Written anew in each turn.
    """

    def __init__(self, made: MadeRun, output: Path) -> None:
        self._made = made
        self._output = output
        self._geometry = read_geometry(PONI, RECIPE.orientation, SHAPE)
        self._integrate(np.zeros(SHAPE, np.int32))  # its matrix is made with the first frame

    def run(self, frames: int) -> float:
        """Take a turn; return s per frame."""
        shape = (frames, RECIPE.npt)
        begin, done = time.perf_counter(), 0
        with h5py.File(self._output, "w") as output:
            intensity = output.create_dataset("I", shape, "float32", chunks=(1, RECIPE.npt))
            sigma = output.create_dataset("I_errors", shape, "float32", chunks=(1, RECIPE.npt))
            for path in self._made.raw_files:
                with h5py.File(path, "r", libver="latest", swmr=True) as file:
                    stack = file["/entry/data/data"]
                    for index in range(min(len(stack), frames - done)):
                        intensity[done], sigma[done] = self._integrate(stack[index])
                        done += 1
                if done == frames:
                    break
        return (time.perf_counter() - begin) / frames

    def _integrate(self, image: np.ndarray[tuple[int, int], np.dtype[np.int32]]) -> tuple[object, object]:
        result = self._geometry.integrate1d(
            image,
            RECIPE.npt,
            method=METHOD,
            unit=RECIPE.unit,
            polarization_factor=RECIPE.polarization_factor,
            correctSolidAngle=RECIPE.solid_angle,
            variance=np.maximum(image, 0),
            dummy=-1,
            delta_dummy=0.5,
            safe=False,
        )
        return result.intensity, result.sigma
