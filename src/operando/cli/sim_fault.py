"""``operando sim CONFIG``, ``operando sim fault``, ``operando sim clear``: the simulated beamline and its faults."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from operando.cli.options import RootOption, running_root
from operando.cli.processes import sim
from operando.errors import EndstationError

RUN = "run"
"""What ``operando sim CONFIG`` stands for."""

Target = Annotated[
    str, typer.Argument(metavar="TARGET", help="load_cell, piezo, heater, potentiostat, cell or detector.")
]
Kind = Annotated[str, typer.Argument(metavar="KIND", help="What happens to it; a wrong one is answered by a list.")]


class ConfigurationOrCommand(TyperGroup):
    """A group whose first word may be a configuration in place of a command's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take what is no command of the group for the beginning of ``run``."""
        if args and args[0] not in (*self.commands, "--help"):
            args = [RUN, *args]
        return super().parse_args(ctx, args)


simulator = typer.Typer(
    cls=ConfigurationOrCommand,
    no_args_is_help=True,
    subcommand_metavar="CONFIG | fault TARGET KIND | clear",
    help="Run the simulated beamline of CONFIG, or give the one that runs a fault.",
)
simulator.command(RUN, hidden=True)(sim)


@simulator.command()
def fault(
    target: Target,
    kind: Kind,
    seconds: Annotated[float | None, typer.Option("--for", metavar="SECONDS", help="Else until cleared.")] = None,
    value: Annotated[float | None, typer.Option("--value", metavar="NUMBER", help="How much, where it counts.")] = None,
    root: RootOption = None,
) -> None:
    """Begin a fault in the running simulated beamline."""
    from operando.sim.faults.client import set_fault

    place = running_root(root).path
    with _refusals():
        sys.stdout.write(set_fault(place, target, kind, seconds=seconds, value=value) + "\n")


@simulator.command()
def clear(
    target: Annotated[str | None, typer.Argument(metavar="TARGET", help="Only the faults of this one.")] = None,
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help="Only this one.")] = None,
    root: RootOption = None,
) -> None:
    """End every fault of the running simulated beamline, or those that are named."""
    from operando.sim.faults.client import clear_faults

    place = running_root(root).path
    with _refusals():
        sys.stdout.write(f"cleared: {clear_faults(place, target, kind)}\n")


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn the simulator's errors, which know nothing of ours, into a wrong call."""
    from operando.sim.faults.client import NoSimulator
    from operando.sim.faults.refused import FaultRefused

    try:
        yield
    except (FaultRefused, NoSimulator) as error:
        raise EndstationError(str(error)) from error
