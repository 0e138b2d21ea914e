"""``operando reprocess``: reduce runs again after the beamtime, as new entries beside the recorded ones."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operando.cli.options import Json

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from operando.recorder.reprocessing import Wishes

OFTEN_S = 5.0
"""s between two words about how far it is."""


def reprocess(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Finished files of record.")],
    poni: Annotated[Path | None, typer.Option("--poni", metavar="FILE", help="Another geometry.")] = None,
    recipe: Annotated[Path | None, typer.Option("--recipe", metavar="FILE", help="Another recipe (TOML).")] = None,
    mask: Annotated[Path | None, typer.Option("--mask", metavar="FILE", help="Another mask, 0 = valid.")] = None,
    material: Annotated[
        Path | None, typer.Option("--material", metavar="FILE", help="Another lattice to fit (TOML).")
    ] = None,
    blank: Annotated[
        Path | None, typer.Option("--blank", metavar="FILE", help="Another blank, made by `operando blank`.")
    ] = None,
    load_cell: Annotated[
        Path | None,
        typer.Option(
            "--load-cell-calibration", "--load-cell", metavar="FILE", help="TOML: scale, tare_N, … of the load cell."
        ),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="DIR", help="State root of the environment log; else the one above FILE."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Write there, and leave FILE altogether alone.")
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Let viewers show the new entry first.")] = False,
    reduction: Annotated[
        Path | None,
        typer.Option("--reduction", metavar="CONFIG", help="Endstation whose table `reduction` says where."),
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", metavar="N", min=1, help="By default all cores.")] = None,
    json: Json = False,
) -> None:
    """Integrate and reduce runs again: a new entry beside the recorded one, which stays as it is."""
    from dataclasses import replace

    from operando.cli.report import progress, report
    from operando.errors import AnalysisError, RecordError
    from operando.recorder.reprocessing import Manner
    from operando.recorder.reprocessing import reprocess as reduce_again

    _check(files, (poni, recipe, mask, material, blank, load_cell, reduction), root, to)
    wishes = replace(_wishes(poni, recipe, mask, material), **_further(blank, load_cell))
    done, failed = [], {}
    with _executor(reduction, threads) as executor:
        log = root.resolve() / "environment" if root else None
        manner = Manner(log=log, folder=to, default=default, executor=executor)
        for path in files:
            try:
                found = reduce_again(path, wishes, replace(manner, progress=_teller(path)))
            except (RecordError, AnalysisError) as error:
                failed[str(path)] = str(error)
                progress(f"{path}: not reprocessed: {error}")
            else:
                done.append(found.facts())
                progress(f"{found.file}: {found.entry}: {found.patterns} patterns of {found.frames} frames")
                if not json:
                    report(found.facts(), json)
    if json:
        report({"files": done, "failed": failed}, json)
    if failed:
        raise typer.Exit(1)


def _check(files: list[Path], further: tuple[Path | None, ...], root: Path | None, to: Path | None) -> None:
    from operando.errors import ConfigurationError

    for path in (*files, *(path for path in further if path is not None)):
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no such file"
            raise ConfigurationError(f"{path}: {what}; nothing is reprocessed")
    if root is not None and not (root / "environment").is_dir():
        raise ConfigurationError(f"{root / 'environment'}: no environment log; nothing is reprocessed")
    if to is not None and to.exists() and not to.is_dir():
        raise ConfigurationError(f"{to}: no folder; nothing is reprocessed")
    names = [path.name for path in files]
    double = sorted({name for name in names if names.count(name) > 1})
    if to is not None and double:
        raise ConfigurationError(
            f"{', '.join(double)}: named more than once, for one place in {to}; nothing is reprocessed"
        )


def _wishes(poni: Path | None, recipe: Path | None, mask: Path | None, material: Path | None) -> "Wishes":
    from operando.config import load_material, load_parasitic, load_recipe
    from operando.config.load import read_text
    from operando.recorder.reprocessing import Wishes

    chosen = load_recipe(recipe) if recipe else None
    return Wishes(
        poni=read_text(poni) if poni else None,
        recipe=chosen,
        mask=mask.resolve() if mask else None,
        lattice=load_material(material) if material else None,
        parasitic=load_parasitic(chosen.parasitic) if chosen else (),
    )


def _further(blank: Path | None, load_cell: Path | None) -> dict[str, Any]:
    """Return what is to be otherwise beside the integration."""
    from operando.config.load_cell_calibration import load_calibration
    from operando.recorder.blank_file import read_blank
    from operando.recorder.reprocessing import Calibration

    found: dict[str, Any] = {}
    if blank is not None:
        found["blank"] = read_blank(blank)
    if load_cell is not None:
        calibration, text = load_calibration(load_cell)
        found["load_cell"] = Calibration(calibration.fields(), calibration.scale, text, load_cell.name)
    return found


def _executor(configuration: Path | None, threads: int | None) -> "Executor":
    """Return what the frames are integrated by: nothing is measured meanwhile, so by default every core."""
    import os

    from operando.config import load
    from operando.config.reduction import Reduction
    from operando.recorder.executors import open_executor

    here = Path.cwd() if configuration is None else configuration.resolve().parent
    settings = Reduction() if configuration is None else load(configuration).reduction
    if threads is None and configuration is None:
        threads = len(os.sched_getaffinity(0))
    return open_executor(settings.model_copy(update={"threads": threads or settings.threads}), lambda name: here / name)


def _teller(path: Path) -> Callable[[int, int], None]:
    """Return what says now and then how far it is."""
    import time

    from operando.cli.report import progress

    said = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said >= OFTEN_S:
            said = time.monotonic()
            progress(f"{path}: {done} of {total} frames")

    return tell
