"""``operando demo``: the main job on the simulated beamline, from an empty folder to a NeXus file and figures."""

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operando.cli.down import take_down
from operando.cli.options import Json
from operando.cli.report import progress, report
from operando.endstation import Root, bring_up, prepare_client
from operando.errors import EndstationError

if TYPE_CHECKING:
    from operando.config import Endstation

FileOption = Annotated[Path | None, typer.Option(exists=True, dir_okay=False)]


def demo(
    out: Annotated[Path | None, typer.Option(help="Folder for everything; by default a new one here.")] = None,
    speed: Annotated[float, typer.Option(min=1, max=250, help="Times the current and the cell's kinetics.")] = 250.0,
    seed: Annotated[int, typer.Option(help="Of the simulated noise.")] = 1,
    cycles: Annotated[
        int | None, typer.Option(min=1, help="Charges and discharges; 1, or as the programme has.")
    ] = None,
    frames: Annotated[str | None, typer.Option(metavar="GLOB", help="Real images in place of simulated ones.")] = None,
    poni: FileOption = None,
    recipe: FileOption = None,
    programme: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Cell programme in place of one cycle at C/4.")
    ] = None,
    json: Json = False,
) -> None:
    """Charge and discharge a simulated solid-state cell at 85 MPa in the beam, and write its file of record."""
    from operando.cli.demo_configuration import write_configuration
    from operando.config import load

    began = time.monotonic()
    folder = _fresh_folder(out)
    progress(f"writing everything to {folder}")
    if cycles is None and programme is None:
        cycles = 1
    configuration = write_configuration(folder / "configuration", speed, seed, cycles, frames, poni, recipe, programme)
    config, place = load(configuration), Root(folder)
    progress("starting the simulated beamline, the environment service and the recorder")
    supervisor = bring_up(place, configuration)
    # What bluesky says of an interrupted plan belongs beside the other processes' output, not on the terminal.
    logging.basicConfig(filename=place.logs / "demo.log", level=logging.INFO)
    try:
        facts = _measure(config, place)
    finally:
        take_down(place)
        supervisor.wait()
    if facts is None:
        raise typer.Exit(1)
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


def _measure(config: "Endstation", place: Root) -> dict[str, Any] | None:
    """Run a cycle and judge its file; None where the operator interrupted it."""
    from operando.cli.demo_run import PRESSURE, finished_file, run_cycle
    from operando.cli.lag import LagWatch
    from operando.cli.score import score
    from operando.recorder.validation import validate
    from operando.report.overview import draw_overview

    prepare_client(place.path)
    with LagWatch(config.prefix) as lag:
        ended = run_cycle(config, place)
        progress("waiting for the recorder to finish the file")
        file = finished_file(config, place, ended.uid)
    if ended.interrupted:
        progress(f"interrupted: pressure and temperature were held, the run is closed in {file}")
        return None
    findings = [finding for finding in validate(file) if finding.severity == "error"]
    for finding in findings:
        progress(f"{finding.place}: {finding.message}")
    draw_overview(file, file.with_suffix(".png"))
    facts = score(place.path, file, ended.uid, PRESSURE)
    return {"file": str(file), "valid": not findings, **facts, "recorder_lag_s": round(lag.largest, 2)}
