"""``operando sinks``: send documents elsewhere, beside the file of record."""

import logging
import os
import signal
import sys
import threading

from operando.cli.options import Configuration, RootOption, root_beside
from operando.cli.processes import log_to_stderr
from operando.endstation import enter
from operando.errors import ConfigurationError

NICENESS = 15
"""Behind the recorder, which is at 10: what is written for good goes before what is written elsewhere."""


def sinks(configuration: Configuration, root: RootOption = None) -> None:
    """Send documents to the targets of the table [sinks], Tiled, 0MQ, ICAT; their failures touch nothing else."""
    from operando.config import load
    from operando.sinks.service import run
    from operando.sinks.targets import targets

    loaded, place = load(configuration), root_beside(configuration, root)
    wanted = targets(loaded, place.path)
    if not wanted:
        raise ConfigurationError(f"{loaded.file}: [sinks]: no target is named; tiled, zmq or icat is wanted")
    log_to_stderr()
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with enter(place, "sinks", serves=False) as process:
        asked = run(wanted, place.path, stop, process.ready)
    # An orderly exit would wait for threads of the targets' libraries, and those wait for targets that may hang.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0 if asked else 1)
