"""Which entry is what: its name depends on the site."""

import h5py

from operando.recorder.tree import entries, groups_of


def patterns_entry(file: h5py.File) -> h5py.Group | None:
    """Return the first entry of integrated patterns; None where the run had no frames."""
    return next((entry for entry in entries(file) if "frames" in entry and "data/I" in entry), None)


def environment_entry(file: h5py.File) -> h5py.Group | None:
    """Return the entry of the environment log."""
    return next((entry for entry in entries(file) if any(groups_of(entry, "NXenvironment"))), None)
