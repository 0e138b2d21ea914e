"""``operando recover``: rebuild files of record from journals, frames and the environment log."""

from pathlib import Path
from typing import Annotated

import typer

from operando.cli.options import Json


def recover(
    journals: Annotated[list[Path], typer.Argument(metavar="JOURNAL…", help="Journals, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where files of record go.")],
    root: Annotated[
        Path | None,
        typer.Option("--root", metavar="DIR", help="State root of the environment log; by default the journal's."),
    ] = None,
    json: Json = False,
) -> None:
    """Rebuild files of record from journals, frames and the environment log; say what is lost, and why."""
    from contextlib import closing

    from operando.cli.report import report
    from operando.history import EnvironmentHistory
    from operando.recorder.recovery import recover as rebuild

    logs = {journal: _log_of(journal, root) for journal in _found(journals)}
    found = []
    for journal, log in logs.items():
        with closing(EnvironmentHistory(log)) as history:
            found.append(rebuild(journal, output.resolve(), history))
        for line in found[-1].lines():
            typer.echo(line, err=json)
    lost = sum(len(recovery.losses) for recovery in found)
    if json:
        report({"lost": lost, "runs": [recovery.facts() for recovery in found]}, json)
    if lost:
        raise typer.Exit(1)


def _found(given: list[Path]) -> list[Path]:
    """Return the journals that were named, those of a folder in the order of their names."""
    from operando.errors import ConfigurationError

    files = [file for path in given for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    missing = [str(path) for path in files if not path.is_file()]
    if missing or not files:
        names = ", ".join(missing or map(str, given))
        raise ConfigurationError(f"{names}: no journal; <uid>.jsonl or ROOT/journal is wanted; nothing is rebuilt")
    return [file.resolve() for file in files]


def _log_of(journal: Path, root: Path | None) -> Path:
    """Return the folder of the environment log: ``environment`` in the state root, where ``journal`` is, too."""
    from operando.errors import ConfigurationError

    folder = (root.resolve() if root else journal.parent.parent) / "environment"
    if not folder.is_dir():
        raise ConfigurationError(
            f"{folder}: no environment log of {journal.name}; name the state root with --root; nothing is rebuilt"
        )
    return folder
