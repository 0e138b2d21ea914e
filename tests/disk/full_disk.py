"""Fills a small disk under a session's journal, the environment log and a recorder; run inside a mount namespace.

Prints one JSON object about what happened. Arguments: the mount point of an empty tmpfs of a few MB.
"""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import sqlite3

from recorder.made_run import MadeRun
from waiting import wait_until

from operando.disk import trouble_with
from operando.engine.keeper import Keeper
from operando.history import EnvironmentHistory, EnvironmentLog
from operando.journal import Journal, read_journal
from operando.vocabulary import Reading

NS = 1_000_000_000
NOON = 1_790_000_000 * NS


def fill(place: Path) -> None:
    """Leave not a byte."""
    descriptor = os.open(place / "ballast", os.O_WRONLY | os.O_CREAT)
    for size in (1_000_000, 4096, 1):
        with suppress(OSError):
            while os.write(descriptor, bytes(size)):
                pass
    os.close(descriptor)


def journal_and_log(place: Path) -> dict[str, Any]:
    """Emit documents and readings before, while and after the disk is full."""
    root = place / "root"
    run = MadeRun(root, frames=40)
    journal = Journal(root / "journal")
    keeper = Keeper(journal, interval=0.05)
    log = EnvironmentLog(root / "environment")
    for name, document in run.documents[:10]:
        keeper(name, document)
    for k in range(100):
        log.append("stack_pressure", Reading(float(k), NOON + k * NS))
    log.commit(NOON + 100 * NS)
    fill(place)
    found: dict[str, Any] = {"trouble": trouble_with(root), "refused": 0}
    for name, document in run.documents[10:-1]:
        keeper(name, document)
    for k in range(100, 20_000):
        log.append("stack_pressure", Reading(float(k), NOON + k * NS))
    for _ in range(3):
        try:
            log.commit(NOON + 20_000 * NS)
        except sqlite3.Error as error:
            found["refused"] += 1
            found["log"] = str(error)
    found["waiting"] = keeper.obstacle()
    found["readings_in_memory"] = log.waiting
    (place / "ballast").unlink()
    wait_until(lambda: not keeper.obstacle())
    log.commit(NOON + 20_001 * NS)
    keeper(*run.documents[-1])
    keeper.close()
    journal.close()
    log.close(NOON + 20_002 * NS)
    history = EnvironmentHistory(root / "environment")
    values = history.samples("stack_pressure", NOON, NOON + 30_000 * NS).value
    history.close()
    found["every_reading"] = values.tolist() == [float(k) for k in range(20_000)]
    found["lost"] = log.lost
    found["every_document"] = [doc for _, doc in read_journal(run.journal)] == [doc for _, doc in run.documents]
    found["mended"] = trouble_with(root)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(journal_and_log(Path(sys.argv[1]))) + "\n")
