"""A geometry as the text of a PONI file, with where it comes from."""

import json
from collections.abc import Sequence

from pyFAI.integrator.azimuthal import AzimuthalIntegrator
from pyFAI.io.ponifile import PoniFile


def poni_text(geometry: AzimuthalIntegrator, remarks: Sequence[str]) -> str:
    """Write a geometry as a PONI file of version 2.1, or 3 with a parallax correction.

    Parameters
    ----------
    geometry : AzimuthalIntegrator
        pyFAI's.
    remarks : sequence of str
        Comment lines at its head; one ``key: value`` a line.
    """
    found = PoniFile(geometry).as_dict()
    parallax = bool(found.get("parallax"))
    lines = [
        "# 1 is the slow index (rows), 2 the fast one (columns); metres and radians",
        *(f"# {' '.join(remark.split())}" for remark in remarks),
        f"poni_version: {3 if parallax else 2.1}",
        f"Detector: {found['detector']}",
        f"Detector_config: {json.dumps(found['detector_config'])}",
        f"Distance: {float(found['dist'])!r}",
        *(f"{name.capitalize()}: {float(found[name])!r}" for name in ("poni1", "poni2", "rot1", "rot2", "rot3")),
        f"Wavelength: {float(found['wavelength'])!r}",
        *(["Parallax: True"] if parallax else []),
    ]
    return "\n".join(lines) + "\n"
