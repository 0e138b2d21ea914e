"""What stands around the sample, as a start document takes it along: materials that are masked, and the blank."""

from typing import Any

from operando.config import Endstation, load_parasitic
from operando.errors import ConfigurationError, RecordError
from operando.recorder.blank_file import read_blank
from operando.vocabulary import Recipe


def surroundings(config: Endstation, recipe: Recipe) -> dict[str, Any]:
    """Return masked materials and blank as plain values; what is not configured is absent.

    Raises
    ------
    ConfigurationError
        A material is not known, the blank cannot be read, or nothing measures what it or a pattern is to be scaled by.
    """
    if recipe.monitor_reference is not None and config.detector.monitor_attribute is None:
        raise ConfigurationError(
            f"{config.file}: [integration] recipe = {config.integration.recipe!r}: monitor_reference = "
            f"{recipe.monitor_reference:g} scales patterns by the incident monitor, but [detector] has no "
            "monitor_attribute; no frame would become a pattern"
        )
    own, blank = config.integration.parasitic_materials, config.integration.blank
    found: dict[str, Any] = {}
    if materials := load_parasitic(recipe.parasitic, config.beside(own) if own else None):
        found["parasitic"] = [material.document() for material in materials]
    if blank:
        found["blank"] = _blank(config, blank)
    return found


def _blank(config: Endstation, name: str) -> dict[str, Any]:
    missing = [key for key in ("monitor_attribute", "diode_attribute") if getattr(config.detector, key) is None]
    if missing:
        raise ConfigurationError(
            f"{config.file}: [integration] blank = {name!r} is scaled by the transmission of the cell, but [detector] "
            f"has no {' and no '.join(missing)}"
        )
    try:
        return read_blank(config.beside(name))
    except RecordError as error:
        raise ConfigurationError(f"{config.file}: [integration] blank = {name!r}: {error}") from error
