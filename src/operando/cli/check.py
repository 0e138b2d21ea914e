"""``operando check``: is a configuration one that could run."""

from typing import TYPE_CHECKING, Annotated

import typer

from operando.cli.missing import missing_facts
from operando.cli.options import Configuration, Json, RootOption, root_beside
from operando.cli.programme_shown import programmes_as_facts, programmes_as_text
from operando.cli.report import report
from operando.errors import AnalysisError, ConfigurationError

if TYPE_CHECKING:
    from operando.config import Endstation
    from operando.endstation import Root


def check(
    configuration: Configuration,
    root: RootOption = None,
    live: Annotated[bool, typer.Option("--live", help="Reach every line and record in it.")] = False,
    json: Json = False,
) -> None:
    """Validate a configuration and every file that it names; show the cell programme; say what a run would lack."""
    from operando.config import load
    from operando.recorder import executors
    from operando.sinks.targets import missing_packages

    config, place = load(configuration), root_beside(configuration, root)
    check_files(config, place)
    check_patterns(config)
    facts: dict[str, object] = {"configuration": str(config.file), "endstation": config.name, "valid": True}
    missing = missing_facts(config)
    facts |= missing if json else {name: "; ".join(these) or "nothing" for name, these in missing.items()}
    if wanted := missing_packages(config):
        facts["sinks"] = wanted
    if absent := executors.missing_packages(config.reduction):
        facts["reduction"] = absent
    if live:
        from operando.cli.live import unreachable

        facts["unreachable"] = unreachable(config, place)
    if json:
        facts["programmes"] = programmes_as_facts(config)
    report(facts, json)
    if not json:
        typer.echo(f"\n{programmes_as_text(config)}")
    if facts.get("unreachable") or facts.get("sinks") or facts.get("reduction"):
        raise typer.Exit(1)


def check_files(config: "Endstation", place: "Root") -> None:
    """Read every file that a configuration names; a real endstation's serial ports must exist, too.

    Raises
    ------
    ConfigurationError
        One line for what is wrong.
    """
    from operando.config import load_delithiation, load_material, load_recipe
    from operando.config.channels import serial_ports
    from operando.engine.surroundings import surroundings

    recipe = load_recipe(config.beside(config.integration.recipe))
    _check_poni(config, "integration", config.integration.poni, recipe.orientation)
    surroundings(config, recipe)
    if config.lattice:
        load_material(config.beside(config.lattice.material))
    if config.simulation:
        load_delithiation(config.beside(config.simulation.delithiation))
        if config.simulation.poni:
            _check_poni(config, "simulation", config.simulation.poni, recipe.orientation)
        return
    for table, port in serial_ports(config).items():
        if not (place.path / port).exists():
            raise ConfigurationError(
                f"{config.file}: {table} port = {port!r}: no such serial port; "
                "a device file is wanted, absolute or relative to the root"
            )


def check_patterns(config: "Endstation") -> None:
    """Make ready to integrate, as a run does: files, ranges and regions must fit the detector that the PONI names.

    It takes a second and 200 MB, which a process that lives on does not give back.

    Raises
    ------
    ConfigurationError
        No frame would become a pattern.
    """
    from operando.analysis.geometry import read_geometry
    from operando.analysis.integration import Integrator
    from operando.config import load_recipe

    recipe = load_recipe(config.beside(config.integration.recipe))
    poni = config.beside(config.integration.poni).read_text(encoding="utf-8")
    shape = read_geometry(poni, recipe.orientation).detector.max_shape
    if shape is None:
        return  # any frame may come
    try:
        Integrator(poni, recipe, tuple(shape))
    except AnalysisError as error:
        raise ConfigurationError(
            f"{config.file}: [integration] recipe = {config.integration.recipe!r}: {error}"
        ) from error


def _check_poni(config: "Endstation", table: str, poni: str, orientation: int) -> None:
    from operando.analysis.geometry import read_geometry

    path = config.beside(poni)
    try:
        read_geometry(path.read_text(encoding="utf-8"), orientation)
    except (OSError, UnicodeDecodeError, AnalysisError) as error:
        raise ConfigurationError(f"{config.file}: [{table}] poni = {poni!r}: {error}; a PONI file is wanted") from error
