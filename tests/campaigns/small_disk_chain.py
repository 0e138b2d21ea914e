"""A whole endstation on a small disk, with one thing done to the disk in the middle of a cycle; prints JSON.

Run inside a mount namespace by the disk campaign: ``MOUNT_POINT WHAT``.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import h5py
import numpy as np
import tomlkit
from cell_programmes import one_cycle
from live.conftest import CAPACITY, CURRENT, SPEED, Live
from live.test_the_cell_survives_dying_programs import CYCLE, newest_journal, record_of
from waiting import wait_until

from operando.cli.demo_configuration import write_configuration
from operando.cli.down import take_down
from operando.config import load
from operando.endstation import Root, bring_up
from operando.journal import read_journal
from operando.recorder.finished import is_finished
from operando.recorder.validation import validate

THRESHOLDS = {"warn_below_GB": 0.2, "pause_below_GB": 0.1, "resume_above_GB": 0.15}
HELD = 8.0
"""s that a disk stays as it was made."""


class Mischief:
    """What is done to the disk, and how it is mended."""

    def __init__(self, disk: Path, root: Path) -> None:
        self.disk, self.root = disk, root

    def of(self, what: str) -> tuple[Callable[[], object], Callable[[], object]]:
        data, aside = self.root / "data", self.root / "aside"
        ballast = self.disk / "ballast"
        folders = [self.root / name for name in ("data", "journal", "environment")]
        return {
            "nearly full": (lambda: self.fill(50e6), ballast.unlink),
            "full": (lambda: self.fill(0), ballast.unlink),
            "read-only": (lambda: self.remount(folders, "ro"), lambda: self.remount(folders, "rw")),
            "data root away": (lambda: data.rename(aside), lambda: aside.rename(data)),
            "journals removed": (lambda: shutil.rmtree(self.root / "journal"), lambda: None),
            "environment log removed": (lambda: shutil.rmtree(self.root / "environment"), lambda: None),
        }[what]

    def fill(self, leave: float) -> None:
        descriptor = os.open(self.disk / "ballast", os.O_WRONLY | os.O_CREAT)
        try:
            while (room := shutil.disk_usage(self.disk).free - leave) > 0:
                os.write(descriptor, bytes(int(min(1e6, max(room, 4096)))))
        except OSError:
            pass
        os.close(descriptor)

    def remount(self, folders: list[Path], how: str) -> None:
        for folder in folders:
            if how == "ro":
                subprocess.run(["mount", "--bind", folder, folder], check=True)
            subprocess.run(["mount", "-o", f"remount,bind,{how}", folder], check=True)


def frames(journal: Path) -> int:
    """Frames that the documents have promised; of a journal that is away, none."""
    try:
        return sum(name == "stream_datum" for name, _ in read_journal(journal))
    except Exception:  # noqa: BLE001 (it may be away, or just being made again)
        return 0


def is_locked(file: Path) -> bool:
    """Whether somebody writes it, or has it open to write."""
    try:
        h5py.File(file, "r").close()
    except BlockingIOError:
        return True
    return False


def configured(disk: Path) -> Path:
    """Write the configuration of a short cycle, with thresholds that fit the disk."""
    configuration = write_configuration(disk / "configuration", SPEED, 1, 1, None, None, None)
    document: Any = tomlkit.parse(configuration.read_text())
    document["cell"]["nominal_capacity_mAh"] = CAPACITY
    del document["cell"]["active_mass_mg"]  # which would not hold so little
    document["programme"] = one_cycle(CURRENT)
    document["disk"] = THRESHOLDS
    configuration.write_text(tomlkit.dumps(document))
    return configuration


def play(live: Live, what: str) -> dict[str, Any]:
    """Run a cycle; do what is asked after some frames, mend it, and see the run end."""
    begun_ns = time.time_ns()
    known = set(live.journals.glob("*.jsonl"))
    run = live.start_python(CYCLE)
    journal = newest_journal(live, known)
    wait_until(lambda: frames(journal) >= 3, 120, "three frames")
    do, mend = Mischief(live.place.path.parent, live.place.path).of(what)
    do()
    threading.Event().wait(HELD / 2)
    early = frames(journal)
    threading.Event().wait(HELD / 2)
    late = frames(journal)
    mend()
    said, _ = run.communicate(timeout=200)
    file = record_of(live, journal)
    wait_until(lambda: is_finished(file), 60, "the recorder to finish")
    wait_until(lambda: not is_locked(file), 20, "the recorder to close it")
    history = live.history()
    pressure = history.samples("stack_pressure", begun_ns, time.time_ns())
    history.close()
    documents = list(read_journal(journal))
    with h5py.File(file) as record:
        rows = len(record["xrd/data/I"])
        whole = int(np.isfinite(record["xrd/data/I"][()]).all(axis=1).sum())
        joined = int(np.isfinite(record["xrd/frames/stack_pressure"][()]).sum())
    return {
        "rc": run.returncode,
        "said": said,
        "frames_meanwhile": late - early,
        "exit_status": documents[-1][1].get("exit_status"),
        "announced": sum(name == "stream_datum" for name, _ in documents),
        "rows": rows,
        "whole": whole,
        "joined": joined,
        "findings": [str(each) for each in validate(file)],
        "longest_gap_s": float(np.diff(pressure.time_ns).max() / 1e9),
        "waited": [doc["data"]["interruption"] for _, doc in documents if "interruption" in doc.get("data", {})],
    }


def main(disk: Path, what: str) -> dict[str, Any]:
    """Bring an endstation up on the disk, play, and take it down."""
    configuration = configured(disk)
    place = Root(disk / "root")
    supervisor = bring_up(place, configuration)
    live = Live(place, load(configuration))
    try:
        return play(live, what)
    finally:
        live.end_children()
        take_down(place)
        supervisor.wait(20)
        for log in ("recorder", "environment", "sim"):
            sys.stderr.write(f"--- {log}\n{(place.logs / f'{log}.log').read_text(errors='replace')[-3000:]}\n")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2])) + "\n")
