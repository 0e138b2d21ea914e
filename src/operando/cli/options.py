"""Arguments that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

from operando.endstation import Root
from operando.errors import EndstationError

Configuration = Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file of the endstation.")]
RootOption = Annotated[
    Path | None,
    typer.Option(
        "--root", metavar="DIR", help="State root; by default beside CONFIG; without one OPERANDO_ROOT, or here."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on the last line of standard output.")]


def root_beside(configuration: Path, given: Path | None) -> Root:
    """Return the root that was named, or the folder beside the configuration that bears its name."""
    path = given if given is not None else configuration.with_suffix("")
    return Root(path.resolve())


def running_root(given: Path | None) -> Root:
    """Return the root of a running endstation: the one named, ``OPERANDO_ROOT``, or the present folder.

    Raises
    ------
    EndstationError
        Nothing was ever started there.
    """
    path = (given or Path(os.environ.get("OPERANDO_ROOT", "."))).resolve()
    if not (path / "run" / "endstation.json").is_file():
        raise EndstationError(f"{path}: no endstation was started here; name its folder with --root")
    return Root(path)
