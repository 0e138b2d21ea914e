"""``operando environment``, ``record``, ``sim``: one process each, in the foreground."""

import logging
import os
import sys
from contextlib import nullcontext
from typing import Annotated

import typer

from operando.cli.options import Configuration, RootOption, root_beside
from operando.endstation import Register, enter, pulse

NICENESS = 10
"""Of the recorder: integration takes every core it is given, and shall not take them from what regulates a cell."""


def environment(
    configuration: Configuration,
    root: RootOption = None,
    realtime: Annotated[bool, typer.Option(help="Ask for real-time priority for the pressure loop.")] = True,
) -> None:
    """Own the sample environment: regulate, run the cell programme, log, serve EPICS records."""
    from operando.config import load
    from operando.environment.service import run

    loaded, place = load(configuration), root_beside(configuration, root)
    log_to_stderr()
    with enter(place, "environment") as process:
        Register(place).enter("environment", prefix=loaded.prefix)
        run(loaded, place.path, process.ca_port, process.ready, realtime)


def record(
    configuration: Configuration,
    root: RootOption = None,
    once: Annotated[bool, typer.Option("--once", help="End when the journals are exhausted.")] = False,
) -> None:
    """Follow the journal, integrate the frames, join them with the environment, write NeXus."""
    from operando.config import load
    from operando.recorder.service import run

    loaded, place = load(configuration), root_beside(configuration, root)
    log_to_stderr()
    os.setpriority(os.PRIO_PROCESS, 0, max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0)))
    with enter(place, "recorder") as process, nullcontext() if once else pulse(place, "RECORDER"):
        run(loaded, place.path, process.ca_port, once, process.ready, lambda: place.owner("environment") is not None)


def sim(configuration: Configuration, root: RootOption = None) -> None:
    """Run the simulated beamline: serial instruments on ptys, EPICS IOCs, a detector."""
    from operando.cli.simulation import simulation_setup
    from operando.config import load
    from operando.sim.beamline import run

    loaded, place = load(configuration), root_beside(configuration, root)
    log_to_stderr()
    with enter(place, "sim") as process:
        run(simulation_setup(loaded, place.path, process.ca_port), process.ready)


def log_to_stderr() -> None:
    """Send log messages to standard error, which the supervisor keeps in ``ROOT/logs``."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
