"""A recorder whose data root is a small disk, filled under it; run inside a mount namespace by the disk campaign.

As ``drive ROOT DATA`` it plays a session and prints what happened as JSON; as ``record ROOT DATA PORT`` it is the
recorder, and begins anew in its own place when HDF5 has met the full disk.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from recorder.made_run import CONFIGS, MadeRun
from waiting import wait_until

from operando.config import load
from operando.config.disk import Disk

FRAMES = 50
"""Of which twenty rows fill a chunk of patterns: the later ones need room of their own."""


def record(root: Path, data: Path, port: int) -> None:
    """Record until told to stop, with a watch that does not see it coming: the write itself shall meet the disk."""
    from operando.disk import watch
    from operando.recorder.service import run

    watch.PROBE_INTERVAL = 1e9
    thresholds = Disk(warn_below_GB=2e-6, pause_below_GB=1e-6, resume_above_GB=2e-6)
    config = load(CONFIGS / "simulated.toml").model_copy(update={"data_root": str(data), "disk": thresholds})
    run(config, root, port, False, lambda: os.write(1, b"ready\n"))


def fill(place: Path) -> None:
    """Leave two pages: enough for what has its place already, not for more of it, and not for the watch to see."""
    descriptor = os.open(place / "ballast", os.O_WRONLY | os.O_CREAT)
    while (room := shutil.disk_usage(place).free - 8192) > 0:
        os.write(descriptor, bytes(min(1_000_000, room)))
    os.close(descriptor)


def drive(root: Path, data: Path) -> dict[str, Any]:
    """Let a recorder write some frames, fill its disk, let it meet that, make room, and see it end the run."""
    import h5py
    from recorder.test_recorder_process import rows

    from operando.endstation.ports import free_port
    from operando.journal import Journal
    from operando.recorder.nexus import is_complete
    from operando.recorder.validation import validate

    run = MadeRun(root, frames=FRAMES, per_file=FRAMES)
    run.data, run.raw = data, data / "raw" / "20260301" / "0123abcd"
    run.documents = list(run._documents())
    run.write_frames()
    run.write_log()
    journal = Journal(root / "journal")
    third = [doc.get("seq_num") for _, doc in run.documents].index(3) + 1
    for name, document in run.documents[:third]:
        journal(name, document)
    command = [sys.executable, __file__, "record", str(root), str(data), str(free_port())]
    with (root / "recorder.log").open("w") as log:
        recorder = subprocess.Popen(command, stdout=log, stderr=log)
    said = (root / "recorder.log").read_text
    try:
        wait_until(lambda: rows(run.file) == 3)
        fill(data)
        for name, document in run.documents[third:-1]:
            journal(name, document)
        wait_until(lambda: "its file of record waits" in said())
        (data / "ballast").unlink()
        wait_until(lambda: said().count("ready\n") == 2)
        journal(*run.documents[-1])
        wait_until(lambda: is_complete(run.file))
    except AssertionError as error:
        raise AssertionError(f"{rows(run.file)} rows, {shutil.disk_usage(data).free} bytes; {said()}") from error
    finally:
        journal.close()
        recorder.terminate()
        ended = recorder.wait(30)
    found: dict[str, Any] = {"rc": ended, "said": said(), "findings": [str(each) for each in validate(run.file)]}
    with h5py.File(run.file) as file:
        found["frames"] = len(file["xrd/data/I"])
        found["gaps"] = len(file["xrd/gaps/row"])
    return found


if __name__ == "__main__":
    if sys.argv[1] == "record":
        record(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.stdout.write(json.dumps(drive(Path(sys.argv[2]), Path(sys.argv[3]))) + "\n")
