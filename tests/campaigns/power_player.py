"""A RunEngine process, a detector and an environment service in one, at 10 frames/s, until the power is cut.

Arguments: folder of what is synced, state root, file of acknowledgements: time in ns, name and uid of each document
after the journal has returned from it.
"""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from campaigns.synced import watch

watch(Path(sys.argv[1]))

from recorder import made_run  # noqa: E402

from operando.history import EnvironmentLog  # noqa: E402  after what it syncs with
from operando.journal import Journal  # noqa: E402
from operando.vocabulary import Reading  # noqa: E402

FRAMES, PER_FILE = 200, 25
COMMIT_S = 0.4
"""As the environment service does."""
LEAD_S = 2.0
"""s to compose the documents."""


def wait_until(time_ns: int) -> None:
    while (left := time_ns - time.time_ns()) > 0:
        threading.Event().wait(left * 1e-9)


def log_for_ever(root: Path) -> None:
    """Append and commit the ramps of the run as their time comes."""
    log = EnvironmentLog(root / "environment")
    logged = time.time_ns() - made_run.START_NS
    while True:
        threading.Event().wait(COMMIT_S)
        now = time.time_ns()
        for quantity, (rate, _, _) in made_run.RAMPS.items():
            for k in range(int(logged * 1e-9 * rate) + 1, int((now - made_run.START_NS) * 1e-9 * rate) + 1):
                log.append(quantity, Reading(made_run.ramp(quantity, k / rate), made_run.at(k / rate)))
        log.commit(now)
        logged = now - made_run.START_NS


def play(run: made_run.MadeRun, acknowledged: int) -> None:
    """Write frames and documents when their time has come."""
    journal = Journal(run.root / "journal")

    def emit(name: str, document: dict[str, Any]) -> None:
        journal(name, document)
        os.write(acknowledged, f"{time.time_ns()} {name} {document['uid']}\n".encode())

    documents = iter(run.documents)
    wait_until(made_run.START_NS)
    for _ in range(2):
        emit(*next(documents))
    for number in range(run.frames // run.per_file):
        with run.open_raw(number) as append:
            for index in range(run.per_file):
                frame = number * run.per_file + index
                wait_until(made_run.at(run.end_of(frame) + 0.02))
                append(frame)
                wait_until(made_run.at(run.end_of(frame) + 0.1))  # when the event says that it was made
                for _ in range(3 if index == 0 else 2):
                    emit(*next(documents))


def main(root: Path, acknowledged: Path) -> None:
    made_run.START_NS = (time.time_ns() // 1_000_000) * 1_000_000 + round(LEAD_S * 1e9)
    made_run.ACQUIRE_S, made_run.PERIOD_S = 0.08, 0.1
    run = made_run.MadeRun(root, FRAMES, PER_FILE)
    threading.Thread(target=log_for_ever, args=(root,), daemon=True).start()
    play(run, os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))


if __name__ == "__main__":
    main(Path(sys.argv[2]), Path(sys.argv[3]))
