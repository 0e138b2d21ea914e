"""``operando blank``: what the walls of a cell scatter, out of a run without a sample."""

from pathlib import Path
from typing import Annotated

import typer

from operando.cli.options import Json
from operando.cli.rows import rows_of


def blank(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="File of record of a run with the empty cell.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.nxs", help="A new file.")],
    frames: Annotated[str, typer.Option(metavar="FIRST:LAST", help="Which, from 0; LAST not included.")] = ":",
    json: Json = False,
) -> None:
    """Average the patterns of an empty cell into a blank, for `blank` of the configuration; FILE is only read."""
    from operando.cli.report import progress, report
    from operando.errors import ConfigurationError
    from operando.recorder.blank_making import make_blank

    if not file.is_file():
        raise ConfigurationError(f"{file}: no such file; a file of record is wanted")
    made = make_blank(file, output, rows_of(frames))
    if made.left_out:
        progress(f"{made.left_out} frames without pattern or beam are left out")
    facts = {"file": str(made.file), "frames": made.frames, "left_out": made.left_out}
    report(
        facts
        | {
            "monitor_counts": made.blank.monitor,
            "transmission": made.blank.transmission,
            "transmission_error": made.blank.transmission_error,
        },
        json,
    )
