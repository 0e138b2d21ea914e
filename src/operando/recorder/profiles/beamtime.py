"""Which beamtime is running at PETRA III: the metadata file in its folder, and whether one can write there."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from operando.errors import EndstationError

PREFIXES = ("beamtime-metadata-", "commissioning-metadata-")
SUFFIX = ".json"
KEPT = (
    "proposalId",
    "proposalType",
    "title",
    "beamline",
    "beamlineAlias",
    "facility",
    "corePath",
    "eventStart",
    "eventEnd",
)
"""What goes into the file of record: no persons, no keys, no tokens."""

_logger = logging.getLogger(__name__)


def is_open(root: Path) -> bool:
    """Return whether data can be written below a root: ``current`` is gone when no beamtime runs."""
    return os.access(root / "raw", os.W_OK)


def find_beamtime(root: Path, wanted: str | None = None) -> dict[str, Any] | None:
    """Return what the metadata file of a root says; None where there is none (``/gpfs/local``).

    Parameters
    ----------
    root : Path
        ``/gpfs/current``, ``/gpfs/commissioning``.
    wanted : str, optional
        The only beamtime that is right.

    Raises
    ------
    EndstationError
        Another beamtime runs, or it cannot be told which.
    """
    found = {
        path.name.removeprefix(prefix).removesuffix(SUFFIX): path
        for prefix in PREFIXES
        for path in sorted(root.glob(f"{prefix}*{SUFFIX}"))
    }
    if wanted is not None and found and wanted not in found:
        raise EndstationError(
            f"petra: {root} belongs to beamtime {' and '.join(found)}, [site] beamtime_id = {wanted!r}; "
            "no run is opened"
        )
    if wanted is not None and wanted in found:
        found = {wanted: found[wanted]}
    if len(found) > 1:
        raise EndstationError(
            f"petra: {root} belongs to beamtimes {' and '.join(found)}; [site] beamtime_id says; no run is opened"
        )
    return next((_read(name, path) for name, path in found.items()), None)


def parse(text: str) -> dict[str, Any]:
    """Return the object between the first ``{`` and the last ``}``: some versions have words around it.

    Raises
    ------
    ValueError
        There is none.
    """
    found = json.loads(text[text.find("{") : text.rfind("}") + 1])
    if not isinstance(found, dict):
        raise ValueError(f"an object is wanted, not {type(found).__name__}")
    return found


def _read(beamtime_id: str, path: Path) -> dict[str, Any]:
    """Return what is kept; the name of the file counts, and is enough where the rest cannot be read."""
    try:
        facts = parse(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError) as error:
        _logger.warning("%s: %s; of the beamtime only its number is known", path, error)
        facts = {}
    return {"beamtimeId": beamtime_id} | {key: facts[key] for key in KEPT if facts.get(key) is not None}
