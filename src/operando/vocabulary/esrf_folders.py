"""ESRF's folders, data policy v3, as in esrf-pathlib's schema ``esrf_v3`` (https://gitlab.esrf.fr/workflow/esrf-pathlib).

``<root>/<proposal>/<beamline>/<session>/RAW_DATA/<collection>/<collection>_<dataset>``; a name cannot lead elsewhere.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operando.vocabulary.names import component

RAW, PROCESSED = "RAW_DATA", "PROCESSED_DATA"


def raw_data_folder(facts: Mapping[str, Any], data_root: Path) -> Path:
    """Return the raw data of a session.

    Parameters
    ----------
    facts : Mapping
        What the start document of a run says of its site.
    data_root : Path
        Folder of all proposals.
    """
    session = (component(facts[name]) for name in ("proposal_folder", "beamline", "session"))
    return data_root.joinpath(*session, RAW)


def collection_folder(facts: Mapping[str, Any], data_root: Path) -> Path:
    """Return the folder of a sample's datasets."""
    return raw_data_folder(facts, data_root) / component(facts["collection"])


def dataset_folder(facts: Mapping[str, Any], data_root: Path) -> Path:
    """Return the folder of a run, which bears the name of its files.

    Examples
    --------
    >>> facts = {"proposal_folder": "ma6543", "beamline": "bm31", "session": "20260301"}
    >>> facts |= {"collection": "cell3", "dataset": "0001"}
    >>> print(dataset_folder(facts, Path("/data/visitor")))
    /data/visitor/ma6543/bm31/20260301/RAW_DATA/cell3/cell3_0001
    """
    return collection_folder(facts, data_root) / component(f"{facts['collection']}_{facts['dataset']}")
