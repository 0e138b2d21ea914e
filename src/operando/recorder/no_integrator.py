"""What stands in for an integrator where geometry, recipe, files and frames do not fit together."""

import numpy as np

from operando.analysis import Integrator
from operando.vocabulary import Recipe


class NoIntegrator(Integrator):
    """Knows how many bins there should have been, and not where; every frame of it lacks its pattern.

    A file of record can be made with it: of each frame it has number, times and conditions, with the reason why there
    is no pattern, and its raw data are linked, so that `operando reprocess` makes patterns once the fault is mended.

    Parameters
    ----------
    recipe : Recipe
        What was asked for.
    shape : (int, int)
        Rows and columns of the frames.
    """

    def __init__(self, recipe: Recipe, shape: tuple[int, int]) -> None:
        self.recipe = recipe
        self.shape = shape
        self.radial = np.full(recipe.npt, np.nan)
        self.q = self.radial
        self.azimuth = np.full(recipe.sectors, np.nan) if recipe.sectors else None
        self.wavelength = float("nan")
        self.digest = ""
        self.valid = np.zeros(shape, bool)
        self.gain = np.ones(shape, np.float32)
        self.dark = None
