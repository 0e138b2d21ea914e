"""The versions of everything that a run was made with."""

import platform
from importlib.metadata import PackageNotFoundError, version

import h5py

import operando

PACKAGES = (
    "bluesky",
    "ophyd",
    "event-model",
    "pyepics",
    "softioc",
    "pyFAI",
    "fabio",
    "h5py",
    "hdf5plugin",
    "numpy",
    "scipy",
    "numba",
    "pydantic",
)
EPICS = "epicscorelibs"
"""Carries EPICS base, and its release in front of its own version: 7.0.10.99.0.2."""


def versions() -> dict[str, str]:
    """Return name → version; what is not installed is left out."""
    found = {"operando": operando.__version__, "python": platform.python_version()}
    found |= {name: release for name in PACKAGES if (release := _installed(name))}
    found["libhdf5"] = h5py.version.hdf5_version
    if epics := _installed(EPICS):
        found["epics-base"] = ".".join(epics.split(".")[:3])
    return found


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
