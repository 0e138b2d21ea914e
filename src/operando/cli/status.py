"""``operando status``: which processes of the endstation run."""

import typer

from operando.cli.options import Json, RootOption, running_root
from operando.cli.report import report
from operando.endstation import Register, Root


def status(root: RootOption = None, json: Json = False) -> None:
    """Show the endstation's processes; exit 0 when all of them run."""
    if not show_status(running_root(root), json):
        raise typer.Exit(1)


def show_status(place: Root, as_json: bool) -> bool:
    """Print name, pid and state of each process; True when all run."""
    found = Register(place).status()
    table = found if as_json else {name: f"{facts['state']}, pid {facts['pid']}" for name, facts in found.items()}
    report(table, as_json)
    return bool(found) and all(facts["state"] == "running" for facts in found.values())
