"""``operando up``: start an endstation and keep watch over it."""

from typing import Annotated

import typer

from operando.cli.options import Configuration, Json, RootOption, root_beside
from operando.cli.status import show_status
from operando.endstation import ENDSTATION, Register, Supervisor, bring_up


def up(
    configuration: Configuration,
    root: RootOption = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="Keep watch here, as a service unit does.")] = False,
    json: Json = False,
) -> None:
    """Start an endstation's processes, wait until they serve, and keep watch over them."""
    from operando.cli.check import check_files, check_patterns
    from operando.config import load
    from operando.config.sinks import Sinks

    config, place = load(configuration), root_beside(configuration, root)
    check_files(config, place)
    if not foreground:
        check_patterns(config)
        bring_up(place, config.file)
        show_status(place, json)
        return
    from operando.cli.processes import log_to_stderr

    log_to_stderr()
    wanted = {"sim": config.simulation is not None, "sinks": config.sinks != Sinks()}
    kinds = [kind for kind in ENDSTATION if wanted.get(kind.name, True)]
    with place.lock("supervisor"):
        register = Register(place)
        register.enter("supervisor", state="starting")
        try:
            Supervisor(place, config.file, kinds).run()
        finally:
            register.enter("supervisor", state="stopped")
