"""``operando status``: which processes of the endstation run."""

import typer

from operando.cli.missing import say_what_runs_are_refused_for
from operando.cli.options import Json, RootOption, running_root
from operando.cli.report import report
from operando.endstation import Register, Root
from operando.sinks.health import in_words, read_status


def status(root: RootOption = None, json: Json = False) -> None:
    """Show the endstation's processes; exit 0 when all of them run."""
    place = running_root(root)
    say_what_runs_are_refused_for(place)
    if not show_status(place, json):
        raise typer.Exit(1)


def show_status(place: Root, as_json: bool) -> bool:
    """Print name, pid and state of each process, and how much the journals hold; True when all run."""
    from operando.journal import usage

    found = Register(place).status()
    kept = usage(place.path / "journal")
    delivering = found.get("sinks", {}).get("state") == "running"  # a dead process has left its last words
    sinks = read_status(place.path) if delivering else {}
    if as_json:
        told = {name: facts | ({"targets": sinks} if name == "sinks" else {}) for name, facts in found.items()}
        report(told | {"journals": {"pid": None, "state": "kept", "runs": kept.runs, "bytes": kept.size}}, as_json)
    else:
        table = {name: f"{facts['state']}, pid {facts['pid']}" for name, facts in found.items()}
        table |= {f"sinks.{name}": in_words(summary) for name, summary in sinks.items()}
        report(table | {"journals": f"{kept.runs} runs, {kept.size / 1e6:.1f} MB"}, as_json)
    return bool(found) and all(facts["state"] == "running" for facts in found.values())
