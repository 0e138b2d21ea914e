"""``operando hold``: freeze every target where it is."""

from math import isnan
from typing import TYPE_CHECKING

import typer

from operando.cli.options import Json, RootOption, running_root
from operando.cli.report import progress, report

if TYPE_CHECKING:
    from operando.cli.desk import Outcome


def hold(root: RootOption = None, json: Json = False) -> None:
    """Freeze every target where it is; the cell programme goes on. For three in the morning."""
    from operando.cli.desk import hold_all

    tell(hold_all(running_root(root)), json)


def tell(outcome: "Outcome", json: bool) -> None:
    """Say what was done; exit 1 where something was not."""
    if json:
        report({**{name: _known(value) for name, value in outcome.facts.items()}, "failure": outcome.failure}, json)
    else:
        typer.echo("\n".join(outcome.lines))
    if outcome.failure:
        progress(f"NOT done: {outcome.failure}; the service goes on trying")
        raise typer.Exit(1)


def _known(value: float | str) -> float | str | None:
    return None if isinstance(value, float) and isnan(value) else value
