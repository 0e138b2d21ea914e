"""``operando validate``: is this a valid NeXus file of record."""

from pathlib import Path
from typing import Annotated

import typer

from operando.cli.options import Json


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="NeXus files.")],
    json: Json = False,
) -> None:
    """Check files against NeXus, and against what holds in every file of record; one line a finding."""
    from dataclasses import asdict

    from operando.cli.report import report
    from operando.errors import ConfigurationError
    from operando.recorder.validation import validate as find

    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise ConfigurationError(f"{', '.join(missing)}: no such file; a NeXus file is wanted")
    found = {str(path): find(path) for path in files}
    valid = not any(found.values())
    for name, findings in found.items():
        for finding in findings:
            typer.echo(f"{name}: {finding}", err=json)
    if json:
        told = {name: [asdict(finding) for finding in findings] for name, findings in found.items()}
        report({"valid": valid, "findings": told}, json)
    elif valid:
        typer.echo(f"{', '.join(found)}: valid")
    if not valid:
        raise typer.Exit(1)
