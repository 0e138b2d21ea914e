"""ESRF's file of processed data: where ewoks would have put the patterns, one finds them."""

import os
from pathlib import Path

import h5py

import operando
from operando.recorder.layout import make_group, write_text
from operando.recorder.pattern_entry import pattern_entries

PROCESS = "detector_integrate"
"""Name of the process, as ewoksxrpd makes it: ``<detector>_integrate``, with its result ``integrated``."""


def write_processed(target: Path, record: Path) -> None:
    """Write a file that leads to the patterns of a file of record, unless there is one already.

    Parameters
    ----------
    target : Path
        In the folder of processed data; later processing adds to it.
    record : Path
        A complete file of record; one without frames has no processed data.

    Raises
    ------
    OSError
        Not now.
    """
    if target.exists():
        return
    with h5py.File(record, "r", locking=False) as file:
        patterns = next(pattern_entries(file), None)
        if patterns is None:
            return
        texts = {name: patterns.entry[name].asstr()[()] for name in ("title", "start_time", "end_time")}
        made, name = str(file.attrs["file_time"]), patterns.entry.name
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    link = os.path.relpath(record, target.parent)
    with h5py.File(fresh, "w", locking=True) as file:
        file.attrs.update({"NX_class": "NXroot", "file_name": target.name, "file_time": made, "default": name[1:]})
        file.attrs.update({"creator": "operando", "creator_version": operando.__version__})
        entry = make_group(file, name, "NXentry", default=PROCESS)
        process = make_group(entry, PROCESS, "NXprocess", default="integrated")
        write_text(process, "program", "operando")
        write_text(process, "version", operando.__version__)
        write_text(process, "date", made)
        process["configuration"] = h5py.ExternalLink(link, f"{name}/reduction/input")
        process["integrated"] = h5py.ExternalLink(link, f"{name}/reduction/picture")
        for field, text in texts.items():
            write_text(entry, field, text)
        file.flush()
        os.fsync(file.id.get_vfd_handle())
    os.replace(fresh, target)
