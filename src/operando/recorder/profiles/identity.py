"""In whose name a run was made, where the configuration does not say but the site does."""

import h5py

from operando.recorder.layout import write_text
from operando.recorder.tree import entries


def write_identity(file: h5py.File, fields: dict[str, str]) -> None:
    """Add fields of NXentry to every entry that lacks them; what is not known stays absent.

    Parameters
    ----------
    file : h5py.File
        A file of record.
    fields : dict
        ``experiment_identifier``, ``collection_identifier`` and so on → what the site says.
    """
    for entry in entries(file):
        for name, text in fields.items():
            if text and name not in entry:
                write_text(entry, name, text)
