"""Who integrates frames: ours, every CPU engine of pyFAI, and azint and midas-integrate where they are installed.

All see the same frames, geometry and mask, correct for solid angle and polarisation and find a Poisson sigma;
those two split pixels in their own ways, and their patterns are not compared.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import fabio
import numpy as np
from numpy.typing import NDArray
from pyFAI.method_registry import IntegrationMethod

from operando.analysis import Integrator
from operando.analysis.geometry import read_geometry
from operando.bench.integration import relative_difference
from operando.vocabulary import Recipe

PIXEL, DISTANCE, WAVELENGTH = 172e-6, 0.25, 0.4e-10
"""m."""
POLARIZATION = 0.95
BINS, SECTORS = 1000, 36
OURS, PARITY = "operando", "operando_parity"
Shape = tuple[int, int]
Contender = Callable[[NDArray[Any]], Any]


def centre(shape: Shape) -> tuple[float, float]:
    """Return where the beam hits the detector, rows and columns, m."""
    return 0.5 * shape[0] * PIXEL, 0.5 * shape[1] * PIXEL


def poni(shape: Shape) -> str:
    """Return the text of a PONI file."""
    detector = {"pixel1": PIXEL, "pixel2": PIXEL, "max_shape": list(shape), "orientation": 3}
    lines = ["poni_version: 2.1", "Detector: Detector", f"Detector_config: {json.dumps(detector)}"]
    lines += [
        f"Distance: {DISTANCE}",
        "Poni1: {}\nPoni2: {}".format(*centre(shape)),
        "Rot1: 0.0\nRot2: 0.0\nRot3: 0.0",
        f"Wavelength: {WAVELENGTH}",
    ]
    return "\n".join([*lines, ""])


def made_frames(shape: Shape, count: int, mean: float) -> list[NDArray[np.int32]]:
    """Return Poisson frames of the given mean, gaps of a Pilatus as −1."""
    gaps, generator = made_mask(shape), np.random.default_rng(2)
    return [np.where(gaps, -1, generator.poisson(mean, shape)).astype(np.int32) for _ in range(count)]


def made_mask(shape: Shape) -> NDArray[np.bool_]:
    """Return the gaps between the 3 × 8 modules of 195 × 487 pixels, and a thousandth of the pixels, hot."""
    mask = np.random.default_rng(1).random(shape) < 1e-3
    for start in range(195, shape[0], 212):
        mask[start : start + 17] = True
    for start in range(487, shape[1], 494):
        mask[:, start : start + 7] = True
    return mask


def ours(shape: Shape, split: str, sectors: int, folder: Path, error_model: str) -> Integrator:
    """Return this project's integrator."""
    path = folder / "mask.edf"
    if not path.exists():
        fabio.edfimage.EdfImage(data=made_mask(shape).astype(np.int8)).write(path)
    recipe = Recipe(
        BINS,
        "q_nm^-1",
        split=split,
        sectors=sectors,
        polarization_factor=POLARIZATION,
        error_model=error_model,
        mask=path,
    )
    return Integrator(poni(shape), recipe, shape)


@dataclass(frozen=True)
class Field:
    """Who runs in one contest: all of them, and which are pyFAI's engines and which are other peers."""

    contenders: dict[str, Contender]
    engines: tuple[str, ...]
    peers: tuple[str, ...]
    split: str

    def difference(self, frame: NDArray[Any]) -> float:
        """Return the largest relative difference of signal and sigma from pyFAI's column-wise engine."""
        found, said = self.contenders[PARITY](frame), self.contenders[f"{self.split}/csc/cython"](frame)
        return max(relative_difference(found.intensity, said.intensity), relative_difference(found.sigma, said.sigma))


def field(shape: Shape, folder: Path, dimension: int, split: str, fastest: bool) -> Field:
    """Return who runs in a contest: patterns are of one dimension and cakes of two."""
    sectors = SECTORS if dimension == 2 else 0
    integrator, parity = (ours(shape, split, sectors, folder, model) for model in ("poisson", "pyfai_poisson"))
    here: dict[str, Contender] = {OURS: integrator.integrate, PARITY: parity.integrate}
    if sectors:
        here = {OURS: integrator.integrate_cake, PARITY: parity.integrate_cake, "with_pattern": integrator.integrate}
    engines = {
        "/".join(method): _pyfai(shape, dimension, method)
        for method in sorted({each.method[1:4] for each in IntegrationMethod.select_method(dimension, split)})
        if method[2] != "opencl" and (method[1:] == ("csc", "cython") or not fastest)
    }
    others = {name: build(shape, folder, sectors) for name, build in PEERS.items() if split == "bbox" and _has(name)}
    return Field({**here, **engines, **others}, tuple(engines), tuple(others), split)


def installed() -> dict[str, str]:
    """Return the version of each peer, or that there is none."""
    return {name: version(name) if _has(name) else "not installed" for name in PEERS}


def _has(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _pyfai(shape: Shape, dimension: int, method: tuple[str, str, str]) -> Contender:
    geometry = read_geometry(poni(shape), 3, shape)
    geometry.mask = made_mask(shape)
    settings: dict[str, Any] = {
        "unit": "q_nm^-1",
        "method": method,
        "polarization_factor": POLARIZATION,
        "error_model": "poisson",
        "safe": False,
    }
    if dimension == 1:
        return lambda frame: geometry.integrate1d(frame, BINS, **settings)
    return lambda frame: geometry.integrate2d(frame, BINS, SECTORS, azimuth_range=(-180, 180), **settings)


def _azint(shape: Shape, folder: Path, sectors: int) -> Contender:
    from azint import AzimuthalIntegrator

    path = folder / "bench.poni"
    path.write_text(poni(shape), encoding="utf-8")
    integrator = AzimuthalIntegrator(
        str(path),
        4,
        BINS,
        sectors or None,
        mask=made_mask(shape).astype(np.int8),
        polarization_factor=POLARIZATION,
        error_model="poisson",
    )
    return lambda frame: integrator.integrate(frame)


def _midas(shape: Shape, folder: Path, sectors: int) -> Contender:
    import torch
    from midas_integrate import (
        IntegrationParams,
        PixelMap,
        build_csr,
        build_map,
        integrate_with_variance,
        profile_1d_with_variance,
    )

    torch.set_num_threads(1)
    middle = shape[1] / 2 - 0.5, shape[0] / 2 - 0.5
    reach = float(np.hypot(*middle)) + 10
    parameters = IntegrationParams(
        NrPixelsY=shape[1],
        NrPixelsZ=shape[0],
        pxY=PIXEL * 1e6,
        pxZ=PIXEL * 1e6,
        Lsd=DISTANCE * 1e6,
        BC_y=middle[0],
        BC_z=middle[1],
        RhoD=reach * PIXEL * 1e6,
        RMin=0.0,
        RMax=reach,
        RBinSize=reach / BINS,
        EtaBinSize=360 / max(sectors, 1),
        SolidAngleCorrection=1,
        PolarizationCorrection=1,
    )
    built = build_map(parameters, mask=made_mask(shape).astype(float))
    table: PixelMap = built.as_pixel_map()
    matrix = build_csr(
        table,
        n_r=len(table.counts) // max(sectors, 1),
        n_eta=max(sectors, 1),
        n_pixels_y=shape[1],
        n_pixels_z=shape[0],
        build_modes=("floor",),
        compute_variance=True,
    )

    def integrate(frame: NDArray[Any]) -> Any:
        image = torch.from_numpy(frame).to(torch.float32)
        cake = integrate_with_variance(image, matrix)
        return cake if sectors else profile_1d_with_variance(*cake, matrix)

    return integrate


PEERS = {"azint": _azint, "midas-integrate": _midas}
