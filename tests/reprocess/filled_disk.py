"""Reprocesses a file of record on a disk that is full at one moment or another; prints a JSON object for each.

Arguments: folder of the data, mount point of an empty small disk, free room in sizes of the file.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROUND = """
import sys
from pathlib import Path
from operando.errors import RecordError
from operando.recorder.reprocessing import Wishes, again, reprocess
again.ROOM = 0
again._Job._check_room = lambda job: None
try:
    reprocess(Path(sys.argv[1]), Wishes())
except RecordError as error:
    sys.exit(str(error))
"""
"""A process each: HDF5 does not recover from a full disk."""


def leave(place: Path, free: int) -> None:
    """Fill a disk but for some bytes."""
    with (place / "ballast").open("wb") as ballast, suppress(OSError):
        while (room := shutil.disk_usage(place).free - free) > 0:
            os.write(ballast.fileno(), bytes(min(room, 1_000_000)))


def main(data: Path, place: Path, shares: list[float]) -> None:
    home = place / "data"
    shutil.copytree(data, home)
    path = next((home / "processed").rglob("*.nxs"))
    before = path.read_bytes()
    for share in shares:
        leave(place, int(share * len(before)))
        done = subprocess.run([sys.executable, "-c", ROUND, str(path)], capture_output=True, text=True, check=False)
        (place / "ballast").unlink()
        told = {"share": share, "same": path.read_bytes() == before, "refused": done.returncode != 0}
        sys.stdout.write(json.dumps(told | {"said": done.stderr[-300:]}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [float(share) for share in sys.argv[3:]])
