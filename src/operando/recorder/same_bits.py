"""Does another process compute what this one computes, bit for bit."""

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np

PACKAGES = ("operando", "pyFAI", "numpy", "numba", "scipy", "h5py", "hdf5plugin")
"""Whose arithmetic, or reading of files, is in a pattern."""
ARITHMETIC = "arithmetic"
"""Key of the digest of sines and arctangents: numpy computes them by other instructions on other processors."""


@cache
def fingerprint() -> Mapping[str, str]:
    """Return what decides on the bits of a pattern; name → what it is in this process."""
    found = {"machine": platform.machine(), "Python": ".".join(platform.python_version_tuple()[:2])}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found | {ARITHMETIC: _arithmetic()}


def difference(here: Mapping[str, str], there: Mapping[str, str], any_processor: bool = False) -> str:
    """Return in words what differs between two processes; empty where their results are the same.

    Parameters
    ----------
    any_processor : bool
        Last bits of sines do not matter.
    """
    names = [name for name in here if here[name] != there.get(name) and not (any_processor and name == ARITHMETIC)]
    return ", ".join(f"{name} {there.get(name, 'unknown')} instead of {here[name]}" for name in names)


def _arithmetic() -> str:
    x = np.linspace(-3.0, 3.0, 4099)
    values = (np.sin(x), np.cos(x), np.tan(x), np.arctan2(x, x[::-1]), np.sqrt(np.abs(x)), np.hypot(x, 0.3), np.exp(x))
    digest = hashlib.sha256()
    for each in (*values, *(np.asarray(value, np.float32) for value in values)):
        digest.update(each.tobytes())
    return digest.hexdigest()[:12]
