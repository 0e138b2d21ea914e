"""A RunEngine with everything that belongs to it."""

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from operando.config import Endstation
from operando.engine.devices import CONNECTION_TIME, Devices, build
from operando.engine.metadata import metadata
from operando.engine.progress import ProgressBars
from operando.engine.pulse import Pulse
from operando.engine.run_engine import EndstationRunEngine
from operando.engine.scan_id import ScanCounter
from operando.journal import Journal


@dataclass(frozen=True, slots=True)
class Assembly:
    """A RunEngine, its devices and its journal; and the heartbeat of all that."""

    run_engine: EndstationRunEngine
    devices: Devices
    journal: Journal
    pulse: Pulse


def assemble(config: Endstation, root: Path, connection_time: float = CONNECTION_TIME) -> Assembly:
    """Connect the devices of an endstation and subscribe its journal to a RunEngine.

    Parameters
    ----------
    config : Endstation
        The configuration.
    root : Path
        The endstation's root folder.
    connection_time : float
        s within which every record must answer.

    Raises
    ------
    EndstationError
        Names the records that do not answer.
    ConfigurationError
        A file that the configuration names is missing or wrong.
    """
    root = root.resolve()
    facts = metadata(config)
    devices = build(config, root)
    devices.connect(connection_time)
    run_engine = EndstationRunEngine(facts, scan_id_source=ScanCounter(root / "run" / "scan_id"))
    run_engine.record_interruptions = True
    journal = Journal(root / "journal")
    run_engine.subscribe(journal)
    if sys.stderr.isatty():
        bars = ProgressBars(Console(stderr=True))
        run_engine.waiting_hook = bars.wait
        run_engine.state_hook = bars.change
    return Assembly(run_engine, devices, journal, Pulse(config.prefix))
