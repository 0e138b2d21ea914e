"""The list that DESY's SciCat ingestor reads: one scan a line (https://github.com/nexdatas/scingestor)."""

import os
from pathlib import Path


def append_dataset(folder: Path, beamtime_id: str, scan_name: str) -> None:
    """Add a scan to the list of its beamtime, once.

    As Sardana's recorder does, the end of line comes before the name, in one append, so that both may write.

    Parameters
    ----------
    folder : Path
        Where the scan file lies.
    beamtime_id : str
        In the name of the list.
    scan_name : str
        Name of the scan file, without its ending.

    Raises
    ------
    OSError
        Not now.
    """
    path = folder / f"scicat-datasets-{beamtime_id}.lst"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o664)
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        if scan_name in _names(file.read().decode(errors="replace")):
            return
        file.write(f"\n{scan_name}".encode())
        os.fsync(file.fileno())


def _names(text: str) -> set[str]:
    """Return the scans of a list; a line may end in ``:<time>``, which asks to take it in again."""
    return {line.strip().split(":")[0] for line in text.splitlines()}
