"""What the files of a recipe hold when a run is opened: a mask may be edited while it goes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operando.vocabulary import Recipe


def with_digest(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a run with the digest of its recipe as it is now.

    There is none where a file of it cannot be read: then the recorder says so, and the run is worth its frames.
    """
    ours = metadata.get("operando", {})
    try:
        digest = Recipe.from_document(ours["recipe"]).digest(_content)
    except (OSError, KeyError):
        return dict(metadata)
    return {**metadata, "operando": {**ours, "recipe_digest": digest}}


def _content(path: Path, key: str) -> bytes:
    return path.read_bytes()
