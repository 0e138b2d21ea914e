"""``operando bench NAME``: this project measured, where there is one beside a peer, in one run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from operando.cli.options import Json
from operando.cli.report import report

bench = typer.Typer(no_args_is_help=True, help="Measure this project, beside a peer where there is one; ratios first.")


@bench.callback()
def _named() -> None:
    """Keep the name of a bench in the command, were there only one."""


@bench.command()
def integration(
    short: Annotated[
        bool, typer.Option("--short", help="A small detector, and pyFAI's fastest engines alone.")
    ] = False,
    json: Json = False,
) -> None:
    """How fast frames are integrated, beside every CPU engine of pyFAI with one thread, and by how much they differ."""
    from operando.bench.integration import run

    show(run(short), json)


@bench.command()
def jitter(
    seconds: Annotated[float, typer.Option(min=1.0, help="How long, under load.")] = 30.0,
    realtime: Annotated[bool, typer.Option(help="Let the service ask for real-time priority.")] = True,
    json: Json = False,
) -> None:
    """How late the pressure loop comes while a recorder and a RunEngine keep the same cores busy."""
    from operando.bench.jitter import run

    show(run(seconds, realtime), json)


@bench.command()
def journal(
    short: Annotated[bool, typer.Option("--short", help="A tenth of the events.")] = False,
    json: Json = False,
) -> None:
    """How much the journal adds to an event of the RunEngine, beside no subscriber and beside suitcase-jsonl."""
    from operando.errors import ConfigurationError

    try:
        from operando.bench.journal import run
    except ModuleNotFoundError as missing:
        if missing.name is None or not missing.name.startswith("suitcase"):
            raise
        raise ConfigurationError(
            "bench journal: the peer suitcase-jsonl is missing: install operando[test]"
        ) from missing

    show(run(short), json)


@bench.command()
def pipeline(
    frames: Annotated[int, typer.Option(min=100, help="Frames on the disk, 0.9 MB each.")] = 1000,
    turns: Annotated[int, typer.Option(min=1, help="Of each contender; the fastest counts.")] = 5,
    folder: Annotated[Path | None, typer.Option(help="Where the frames are made for a while.")] = None,
    json: Json = False,
) -> None:
    """How fast packed frames become patterns in a file of record, beside the plain loop and the stages' own limit."""
    from operando.bench.pipeline import run

    show(run(frames, turns, folder), json)


@bench.command()
def regulation(
    short: Annotated[bool, typer.Option("--short", help="A quarter of an hour of hold in place of 20 h.")] = False,
    json: Json = False,
) -> None:
    """How well the stack pressure is regulated, beside simple_pid and the LQG floor, in virtual time."""
    from operando.errors import ConfigurationError

    try:
        from operando.bench.regulation import run
    except ModuleNotFoundError as missing:
        if missing.name != "simple_pid":
            raise
        raise ConfigurationError(
            "bench regulation: the peer simple-pid is missing: install operando[test]"
        ) from missing

    show(run(short), json)


def show(found: Mapping[str, Any], as_json: bool) -> None:
    """Print what a bench found: the object of the contract, or a table of all it holds."""
    report(found if as_json else found["ratios"] | found["figures"] | found["setup"], as_json)
