"""The geometry of a diffraction frame, from the text of a PONI file.

The format is pyFAI's: one ``key: value`` a line, the last one of a key holds, ``#`` starts a comment; versions 2 and up
carry the detector as JSON, 2.1 and up its orientation (https://www.silx.org/doc/pyFAI, "poni files").
"""

import json
from collections.abc import Mapping
from typing import Any

from pyFAI.detectors import Detector, detector_factory
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.errors import AnalysisError

ANGSTROM = 1e-10
_LENGTHS = ("distance", "poni1", "poni2", "rot1", "rot2", "rot3", "wavelength")


def read_geometry(poni: str, orientation: int, shape: tuple[int, int] | None = None) -> AzimuthalIntegrator:
    """Build pyFAI's geometry for frames of one shape.

    Parameters
    ----------
    poni : str
        Text of a PONI file, version 1 to 3.
    orientation : int
        Orientation 1 to 4 of the recipe, for a PONI that names none. pyFAI 2026.9 gives a frame read with orientation
        2 the azimuth of the frame flipped upside down; earlier releases mirrored it.
    shape : (int, int), optional
        Rows and columns of the frames; the PONI's own where they are not known yet.

    Raises
    ------
    AnalysisError
        For a text that is no PONI, and for a PONI that contradicts the orientation or the shape.
    """
    entries = _entries(poni)
    values = {key: _number(entries, key) for key in _LENGTHS}
    if values["distance"] <= 0 or values["wavelength"] <= 0:
        raise AnalysisError(
            f"PONI: Distance: {values['distance']:g} m, Wavelength: {values['wavelength']:g} m; "
            "both must be above 0; nothing is integrated"
        )
    geometry = AzimuthalIntegrator(
        dist=values["distance"],
        poni1=values["poni1"],
        poni2=values["poni2"],
        rot1=values["rot1"],
        rot2=values["rot2"],
        rot3=values["rot3"],
        wavelength=values["wavelength"],
        detector=_detector(entries, orientation, shape),
    )
    if entries.get("parallax", "").lower() == "true":
        geometry.enable_parallax(True)
        if geometry.parallax is None:
            raise AnalysisError(
                "PONI: Parallax: True, but its detector has no sensor that pyFAI knows; nothing is integrated"
            )
    return geometry


def detector_orientation(poni: str) -> int | None:
    """Return the orientation 1 to 4 that a PONI names; None where it names none.

    Raises
    ------
    AnalysisError
        For a text that is no PONI.
    """
    _, config = _detector_entries(_entries(poni))
    return int(config.get("orientation") or 0) or None


def _entries(poni: str) -> dict[str, str]:
    """Return key → value, keys in lower case."""
    lines = (line for line in poni.splitlines() if ":" in line and not line.lstrip().startswith("#"))
    pairs = (line.split(":", 1) for line in lines)
    return {key.strip().lower(): value.strip() for key, value in pairs}


def _number(entries: Mapping[str, str], key: str) -> float:
    """Return a length in m or an angle in rad."""
    found = entries.get(key)
    if found is None and key.startswith("rot"):
        return 0.0
    try:
        return float(found or "")
    except ValueError:
        raise AnalysisError(f"PONI: {key} = {found!r}; a number is needed; nothing is integrated") from None


def _detector(entries: Mapping[str, str], orientation: int, shape: tuple[int, int] | None) -> Detector:
    """Build the detector with its orientation and check it against the frames."""
    name, config = _detector_entries(entries)
    named = int(config.get("orientation") or 0)
    if named and named != orientation:
        raise AnalysisError(
            f"PONI: detector orientation {named}, recipe: orientation = {orientation}; "
            "they must agree, or the PONI name none; nothing is integrated"
        )
    try:
        detector = detector_factory(name, {**config, "orientation": orientation})
    except (RuntimeError, TypeError, ValueError) as error:
        raise AnalysisError(f"PONI: Detector: {name} with {config}: {error}; nothing is integrated") from error
    if not (detector.pixel1 and detector.pixel2):
        raise AnalysisError(f"PONI: Detector: {name} with {config}: no pixel size; nothing is integrated")
    if shape is None:
        return detector
    known = detector.max_shape or shape
    if tuple(known) != tuple(shape):
        raise AnalysisError(f"PONI: detector of {pixels(known)}, frames of {pixels(shape)}; nothing is integrated")
    detector.max_shape = detector.shape = tuple(shape)
    return detector


def _detector_entries(entries: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return pyFAI's name of the detector and its configuration, as version 2.1 has them."""
    name = entries.get("detector", "Detector")
    if "detector_config" not in entries:  # version 1
        sizes = {"pixel1": "pixelsize1", "pixel2": "pixelsize2"}
        return name, {new: _number(entries, old) for new, old in sizes.items() if old in entries}
    try:
        config = json.loads(entries["detector_config"])
    except json.JSONDecodeError as error:
        raise AnalysisError(f"PONI: Detector_config is not JSON: {error}; nothing is integrated") from error
    if not isinstance(config, dict):
        raise AnalysisError(f"PONI: Detector_config = {config!r}; a table is needed; nothing is integrated")
    return name, config


def pixels(shape: tuple[int, ...]) -> str:
    """Write a shape for a message."""
    return " × ".join(str(length) for length in shape) + " pixels"
