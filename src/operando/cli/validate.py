"""``operando validate``: is this a valid NeXus file of record."""

from pathlib import Path
from typing import Annotated

import typer

from operando.cli.options import Json


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="NeXus files.")],
    json: Json = False,
) -> None:
    """Check files against NeXus, and against what holds in every file of record; a line a finding, or `valid`."""
    from dataclasses import asdict

    from operando.cli.report import report
    from operando.errors import ConfigurationError
    from operando.recorder.validation import validate as find

    for path in files:
        if not path.is_file():
            what = "a folder" if path.is_dir() else "no such file"
            raise ConfigurationError(f"{path}: {what}; a NeXus file is wanted; nothing is checked")
    found = {}
    for path in files:
        findings = found[str(path)] = find(path)
        for finding in findings:
            typer.echo(f"{path}: {finding}", err=json)
        if not findings:
            typer.echo(f"{path}: valid", err=json)
    valid = not any(found.values())
    if json:
        told = {name: [asdict(finding) for finding in findings] for name, findings in found.items()}
        report({"valid": valid, "findings": told}, json)
    if not valid:
        raise typer.Exit(1)
