"""The demo's run: the plan in this process, and its file once the recorder has closed it."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operando.cli.report import progress
from operando.endstation import Root
from operando.errors import MoveFailed, RecordError

if TYPE_CHECKING:
    from operando.config import Endstation

PRESSURE = 85.0
"""MPa, as in the microbeam experiment that this project grew from."""
TEMPERATURE = 25.0
"""°C."""
EXPOSURE = 0.5
"""s."""
INTERVAL = 1.0
"""s between two frames."""
RECORDER_LIMIT = 120.0
"""s, for the recorder to finish the file once the run has ended."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is closed."""

    uid: str
    interrupted: bool


def run_cycle(config: "Endstation", place: Root) -> Ended:
    """Run the plan in this process; Ctrl-C leaves the cell held and the run closed.

    Raises
    ------
    MoveFailed
        Something that the plan waited for failed.
    """
    os.environ["OPERANDO_CONFIG"] = str(config.file)
    os.environ["OPERANDO_ROOT"] = str(place.path)
    from bluesky.utils import FailedStatus, RunEngineInterrupted

    from operando import startup

    progress(f"{PRESSURE} MPa, {TEMPERATURE} °C, then charge and discharge with a frame every {INTERVAL:g} s")
    plan = startup.operando_cycle(
        startup.detector,
        startup.stack_pressure,
        startup.heater,
        startup.potentiostat,
        pressure=PRESSURE,
        temperature=TEMPERATURE,
        exposure=EXPOSURE,
        interval=INTERVAL,
    )
    run_engine: Any = startup.RE
    try:
        return Ended(str(run_engine(plan)[0]), False)
    except RunEngineInterrupted:
        return Ended(str(run_engine.abort(reason="interrupted at the keyboard")[0]), True)
    except FailedStatus as error:
        raise MoveFailed(f"the plan failed: {error.__cause__ or error}; the cell stays as it is held") from error


def finished_file(config: "Endstation", place: Root, uid: str) -> Path:
    """Return the file of record once the recorder has closed it.

    Raises
    ------
    RecordError
        That took too long.
    """
    from operando.journal import read_journal
    from operando.recorder.finished import is_finished
    from operando.recorder.nexus import path_of
    from operando.recorder.run import Run

    _, start = next(read_journal(place.path / "journal" / f"{uid}.jsonl"))
    file = path_of(place.path / config.data_root, Run.from_start(start))
    until = time.monotonic() + RECORDER_LIMIT
    pause = threading.Event()
    while not is_finished(file):
        if time.monotonic() > until:
            log = place.logs / "recorder.log"
            raise RecordError(f"{file}: not finished {RECORDER_LIMIT:.0f} s after the run; {log}")
        pause.wait(0.2)
    return file
