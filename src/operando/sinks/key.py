"""The key of a server of our own, remembered in a file that nobody else may read."""

import os
import secrets
from pathlib import Path


def remembered_key(file: Path) -> str:
    """Return the key of the last time, or a new one where a file holds none."""
    try:
        if key := file.read_text(encoding="ascii").strip():
            return key
    except FileNotFoundError:
        pass
    key = secrets.token_hex(32)
    newborn = file.with_suffix(".new")
    newborn.unlink(missing_ok=True)
    descriptor = os.open(newborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as writing:
        writing.write(key)
    newborn.replace(file)
    return key
