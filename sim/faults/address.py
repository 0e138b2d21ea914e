"""Where faults are asked for: a Unix socket in the folder of the simulated lines."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def socket_file(root: Path) -> Path:
    """Return the socket's path below a state root."""
    return root / "sim" / "faults.sock"


@contextmanager
def short_address(file: Path) -> Iterator[str]:
    """Give a name for the socket that fits: an address holds 107 characters (unix(7)), a path as many as it likes."""
    folder = os.open(file.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{file.name}"
    finally:
        os.close(folder)
