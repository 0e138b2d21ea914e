"""``operando demo``: the main job on the simulated beamline, from an empty folder to a NeXus file and figures."""

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operando.cli.down import take_down
from operando.cli.options import Json
from operando.cli.report import progress, report
from operando.endstation import Root, bring_up, prepare_client
from operando.errors import EndstationError, RecordError

if TYPE_CHECKING:
    from operando.config import Endstation

PRESSURE = 85.0
"""MPa, as in the microbeam experiment that this project grew from."""
TEMPERATURE = 25.0
EXPOSURE = 0.5
INTERVAL = 1.0
RECORDER_LIMIT = 120.0
"""s, for the recorder to finish the file once the run has ended."""

FileOption = Annotated[Path | None, typer.Option(exists=True, dir_okay=False)]


def demo(
    out: Annotated[Path | None, typer.Option(help="Folder for everything; by default a new one here.")] = None,
    speed: Annotated[float, typer.Option(min=1, max=250, help="Times the current and the cell's kinetics.")] = 250.0,
    seed: Annotated[int, typer.Option(help="Of the simulated noise.")] = 1,
    cycles: Annotated[int, typer.Option(min=1, help="Charges and discharges.")] = 1,
    frames: Annotated[str | None, typer.Option(metavar="GLOB", help="Real images in place of simulated ones.")] = None,
    poni: FileOption = None,
    recipe: FileOption = None,
    json: Json = False,
) -> None:
    """Charge and discharge a simulated solid-state cell at 85 MPa in the beam, and write its file of record."""
    from operando.cli.demo_configuration import write_configuration
    from operando.config import load

    began = time.monotonic()
    folder = _fresh_folder(out)
    progress(f"writing everything to {folder}")
    configuration = write_configuration(folder / "configuration", speed, seed, cycles, frames, poni, recipe)
    config, place = load(configuration), Root(folder)
    progress("starting the simulated beamline, the environment service and the recorder")
    supervisor = bring_up(place, configuration)
    try:
        facts = _measure(config, place)
    finally:
        take_down(place)
        supervisor.wait()
    report({**facts, "wall_s": round(time.monotonic() - began, 1)}, json)
    if not facts["valid"]:
        raise typer.Exit(1)


def _fresh_folder(out: Path | None) -> Path:
    """Return an empty folder: the one named, or the next free ``operando-demo`` here."""
    if out is not None:
        if out.exists() and any(out.iterdir()):
            raise EndstationError(f"{out}: not empty; the demo wants a folder of its own")
        return out.resolve()
    candidates = (Path(f"operando-demo{suffix}") for suffix in ("", *(f"-{n}" for n in range(2, 1000))))
    return next(path for path in candidates if not path.exists()).resolve()


def _measure(config: "Endstation", place: Root) -> dict[str, Any]:
    from operando.cli.lag import LagWatch
    from operando.cli.score import score
    from operando.recorder.validation import validate
    from operando.report.overview import draw_overview

    prepare_client(place.path)
    with LagWatch(config.prefix) as lag:
        uid = _run_cycle(config, place)
        progress("waiting for the recorder to finish the file")
        file = _finished_file(config, place, uid)
    findings = [finding for finding in validate(file) if finding.severity == "error"]
    for finding in findings:
        progress(f"{finding.place}: {finding.message}")
    draw_overview(file, file.with_suffix(".png"))
    facts = score(place.path, file, uid, PRESSURE)
    return {"file": str(file), "valid": not findings, **facts, "recorder_lag_s": round(lag.largest, 2)}


def _run_cycle(config: "Endstation", place: Root) -> str:
    """Run the plan in this process; Ctrl-C leaves the cell held and the run closed."""
    os.environ["OPERANDO_CONFIG"] = str(config.file)
    os.environ["OPERANDO_ROOT"] = str(place.path)
    from bluesky.utils import RunEngineInterrupted

    from operando import startup

    progress(f"{PRESSURE} MPa, {TEMPERATURE} °C, then charge and discharge with a frame every {INTERVAL} s")
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
        (uid,) = run_engine(plan)
    except RunEngineInterrupted:
        run_engine.abort(reason="interrupted at the keyboard")
        raise EndstationError("interrupted; pressure and temperature are held, the run is closed") from None
    return str(uid)


def _finished_file(config: "Endstation", place: Root, uid: str) -> Path:
    """Return the file of record once the recorder has closed it."""
    from operando.journal import read_journal
    from operando.recorder.nexus import is_complete, path_of
    from operando.recorder.run import Run

    _, start = next(read_journal(place.path / "journal" / f"{uid}.jsonl"))
    file = path_of(place.path / config.data_root, Run.from_start(start))
    until = time.monotonic() + RECORDER_LIMIT
    pause = threading.Event()
    while not is_complete(file):
        if time.monotonic() > until:
            raise RecordError(
                f"{file}: not finished {RECORDER_LIMIT:.0f} s after the run; {place.logs / 'recorder.log'}"
            )
        pause.wait(0.2)
    return file
