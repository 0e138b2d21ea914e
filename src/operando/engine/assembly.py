"""A RunEngine with everything that belongs to it."""

import atexit
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from operando.config import Endstation
from operando.devices.lost_replies import ask_again
from operando.disk import DiskWatch, Limits, Watched
from operando.engine.devices import CONNECTION_TIME, Devices, build
from operando.engine.gate import AWAIT_KEEPING, Gate
from operando.engine.keeper import Keeper
from operando.engine.keywords import RunKeywords
from operando.engine.metadata import metadata
from operando.engine.progress import ProgressBars
from operando.engine.pulse import Pulse
from operando.engine.recipe_files import with_digest
from operando.engine.recorder_word import RecorderWord
from operando.engine.run_engine import EndstationRunEngine
from operando.engine.scan_id import ScanCounter
from operando.engine.site import RunSite
from operando.errors import EndstationError
from operando.journal import Journal
from operando.recorder.profiles import make_data_folder


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
    keywords, counter = RunKeywords(config), ScanCounter(root / "run" / "scan_id")

    def known() -> dict[str, Any]:  # not judged yet: a plan may still say why there is no stack pressure
        return keywords.normalize(run_engine.known_metadata())

    site = RunSite(config, root, known, lambda: counter.upcoming)

    def frames_folder() -> Path:
        if not site.folder().is_dir():
            raise EndstationError(f"{site.folder()}: was removed, or its disk is not mounted; no frame was taken")
        return site.frames_folder()

    ask_again()
    devices = build(config, frames_folder)
    devices.connect(connection_time)
    run_engine = EndstationRunEngine(
        facts,
        scan_id_source=counter,
        md_validator=keywords.validate,
        md_normalizer=lambda metadata: site.describe(with_digest(keywords.normalize(metadata))),
    )
    run_engine.record_interruptions = True
    journal = Journal(root / "journal")
    keeper = Keeper(journal)
    run_engine.subscribe(keeper)
    terminal = Console(stderr=True)
    _guard(run_engine, keeper, site, config, root, terminal)
    run_engine.subscribe(site.follow)
    if sys.stderr.isatty():
        bars = ProgressBars(terminal)
        run_engine.waiting_hook = bars.wait
        run_engine.state_hook = bars.change
    return Assembly(run_engine, devices, journal, Pulse(config.prefix))


def _guard(
    run_engine: EndstationRunEngine, keeper: Keeper, site: RunSite, config: Endstation, root: Path, terminal: Console
) -> None:
    """Let exposures wait while journal, disks or recorder cannot keep them."""

    def say(text: str) -> None:
        terminal.print(text, soft_wrap=True, highlight=False, markup=False)

    make_data_folder(config, root)
    journals = Watched("journals", root / "journal", remake=True)
    watch = DiskWatch(
        lambda: [Watched("data root", site.folder()), journals], Limits(*config.disk.limits), str(config.file)
    )
    watch.start()
    word = RecorderWord(config.prefix, say)
    gate = Gate(run_engine, [watch.obstacle, word.obstacle], keeper.obstacle, say)
    run_engine.register_command(AWAIT_KEEPING, gate.wait)
    run_engine.preprocessors.append(gate.preprocess)
    atexit.register(keeper.close)
