"""The command line: one command, `operando`, with a file for each subcommand.

Heavy imports live inside the commands, so that ``--help`` answers at once.
"""

import sys

import typer

from operando.cli.average import average
from operando.cli.bench import bench
from operando.cli.blank import blank
from operando.cli.calibrate import calibrate
from operando.cli.check import check
from operando.cli.demo import demo
from operando.cli.down import down
from operando.cli.export import export
from operando.cli.hold import hold
from operando.cli.integrate import integrate
from operando.cli.live_screen import live
from operando.cli.processes import environment, record
from operando.cli.recover import recover
from operando.cli.reprocess import reprocess
from operando.cli.safe import safe
from operando.cli.sim_fault import simulator
from operando.cli.sinks import sinks
from operando.cli.status import status
from operando.cli.up import up
from operando.cli.validate import validate
from operando.errors import ConfigurationError, EndstationError, OperandoError

app = typer.Typer(
    name="operando",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Operando X-ray studies of solid-state batteries under controlled stack pressure and temperature.",
)
for command in (
    demo,
    up,
    status,
    down,
    hold,
    safe,
    environment,
    record,
    sinks,
    live,
    check,
    integrate,
    calibrate,
    average,
    blank,
    validate,
    export,
    recover,
    reprocess,
):
    app.command()(command)
app.add_typer(simulator, name="sim")
app.add_typer(bench, name="bench")


def main() -> None:
    """Run the command line; an error of ours is one line and an exit status, never a traceback."""
    try:
        app()
    except (ConfigurationError, EndstationError) as error:
        sys.stderr.write(f"operando: {error}\n")
        sys.exit(2)
    except OperandoError as error:
        sys.stderr.write(f"operando: {error}\n")
        sys.exit(1)
