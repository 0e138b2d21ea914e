"""Where each pixel looks: rays from the sample, written from the vectors of the PONI convention.

Laboratory axes: 1 up (slow pixel index), 2 horizontal (fast pixel index), 3 along the beam; the sample is the origin.
An untilted detector stands at ``distance`` along 3. It is then turned about axis 1 by ``rot1`` and about axis 2 by
``rot2``, both left-handed, and about axis 3 by ``rot3``, right-handed (https://pyfai.readthedocs.io, "Geometry").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operando.sim.setup import Setup


@dataclass(frozen=True, slots=True)
class Geometry:
    """Rays to the centres of the pixels.

    Parameters
    ----------
    rays : array of float, shape (rows, columns, 3)
        m, from the sample to the centre of each pixel, along laboratory axes 1, 2, 3.
    normal : array of float, shape (3,)
        Unit vector on the detector plane, pointing away from the sample.
    distance : float
        m, from the sample to the detector plane along ``normal``.
    """

    rays: NDArray[np.float64]
    normal: NDArray[np.float64]
    distance: float

    @property
    def two_theta(self) -> NDArray[np.float64]:
        """Scattering angle of each pixel, rad."""
        return np.arctan2(np.hypot(self.rays[..., 0], self.rays[..., 1]), self.rays[..., 2])

    @property
    def azimuth(self) -> NDArray[np.float64]:
        """Angle about the beam from axis 2 towards axis 1, rad."""
        return np.arctan2(self.rays[..., 0], self.rays[..., 1])

    @property
    def solid_angle(self) -> NDArray[np.float64]:
        """Solid angle of each pixel, in that of a pixel where ``normal`` meets the detector."""
        length = np.linalg.norm(self.rays, axis=-1)
        cosine = self.rays @ self.normal / length
        return np.asarray(cosine * (self.distance / length) ** 2)

    def polarisation(self, factor: float) -> NDArray[np.float64]:
        """Return the share of elastic scattering that polarisation lets through to each pixel.

        Parameters
        ----------
        factor : float
            (horizontal − vertical) / (horizontal + vertical) intensity of the incident beam.
        """
        direction = self.rays / np.linalg.norm(self.rays, axis=-1, keepdims=True)
        vertical, horizontal = 1.0 - direction[..., 0] ** 2, 1.0 - direction[..., 1] ** 2
        return np.asarray(0.5 * (1.0 + factor) * horizontal + 0.5 * (1.0 - factor) * vertical)


def rotation(rot1: float, rot2: float, rot3: float) -> NDArray[np.float64]:
    """Return the matrix that turns an untilted detector into place (rad)."""
    cos1, cos2, cos3 = np.cos([rot1, rot2, rot3])
    sin1, sin2, sin3 = np.sin([rot1, rot2, rot3])
    about1 = np.array([[1.0, 0.0, 0.0], [0.0, cos1, sin1], [0.0, -sin1, cos1]])
    about2 = np.array([[cos2, 0.0, -sin2], [0.0, 1.0, 0.0], [sin2, 0.0, cos2]])
    about3 = np.array([[cos3, -sin3, 0.0], [sin3, cos3, 0.0], [0.0, 0.0, 1.0]])
    return np.asarray(about3 @ about2 @ about1)


def geometry(setup: Setup) -> Geometry:
    """Return the rays of the detector that ``setup`` describes."""
    rows, columns = setup.shape
    up = (np.arange(rows) + 0.5) * setup.pixel - setup.poni1
    right = (np.arange(columns) + 0.5) * setup.pixel - setup.poni2
    untilted = np.empty((rows, columns, 3))
    untilted[..., 0] = up[:, np.newaxis]
    untilted[..., 1] = right
    untilted[..., 2] = setup.distance
    turn = rotation(setup.rot1, setup.rot2, setup.rot3)
    return Geometry(rays=untilted @ turn.T, normal=turn @ np.array([0.0, 0.0, 1.0]), distance=setup.distance)
