"""A small disk of one's own: a tmpfs in a mount namespace, which needs no right but that to make one."""

import shutil
import subprocess
from pathlib import Path

import pytest

ENTER = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]


def in_namespace(place: Path, size: str, command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run a command that sees a disk of a size (``4m``) at a folder."""
    place.mkdir(exist_ok=True)
    mount = 'mount -t tmpfs -o "size=$1" none "$2" && shift 2 && exec "$@"'
    return subprocess.run(
        [*ENTER, mount, "sh", size, str(place), *command], capture_output=True, text=True, timeout=350, check=False
    )


def _refusal() -> str:
    """Return why there can be no such disk here, or nothing."""
    if shutil.which("unshare") is None:
        return "there is no unshare(1) on this host"
    tried = subprocess.run([*ENTER, "mount -t tmpfs none /mnt"], capture_output=True, text=True, check=False)
    return f"no mount in a namespace of our own: {tried.stderr.strip()}" if tried.returncode else ""


REFUSAL = _refusal()
needs_namespace = pytest.mark.skipif(bool(REFUSAL), reason=REFUSAL or "-")
