"""ESRF's master files: one link to each entry of each dataset, so that a collection or proposal opens as one file."""

import os
from pathlib import Path

import h5py

import operando
from operando.recorder.tree import entries
from operando.recorder.unfinished import set_aside


def link_entries(master: Path, record: Path) -> None:
    """Add external links to the entries of a file of record, each once, named ``<file>_<entry>``.

    Parameters
    ----------
    master : Path
        Made when missing; others write it, too, each while it holds HDF5's lock.
    record : Path
        A complete file of record, in a folder below.

    Raises
    ------
    OSError
        Another program is writing the master, or it cannot be written now.
    """
    with h5py.File(record, "r", locking=False) as file:
        names = [entry.name.strip("/") for entry in entries(file)]
        made = str(file.attrs["file_time"])
    target = os.path.relpath(record, master.parent)
    with _opened(master, made) as file:
        for name in names:
            link = f"{record.stem}_{name}"
            if file.get(link, getlink=True) is None:
                file[link] = h5py.ExternalLink(target, f"/{name}")
        file.flush()
        os.fsync(file.id.get_vfd_handle())


def _opened(master: Path, made: str) -> h5py.File:
    """Open a master file for writing; one that is damaged is kept aside, for it holds nothing but links."""
    try:
        file = h5py.File(master, "a", locking=True)
    except BlockingIOError:
        raise
    except OSError:
        if not master.exists() or not os.access(master, os.R_OK | os.W_OK) or h5py.is_hdf5(master):
            raise
        set_aside(master, "does not open", "a new one begun with the links of this run")
        file = h5py.File(master, "x", locking=True)
    if "NX_class" not in file.attrs:
        file.attrs.update(
            {
                "NX_class": "NXroot",
                "file_name": master.name,
                "file_time": made,
                "creator": "operando",
                "creator_version": operando.__version__,
            }
        )
    return file
