"""What every start document carries, so that the journal alone is enough to rebuild the file of record."""

import dataclasses
from pathlib import Path
from typing import Any

import operando
from operando.config import Endstation, load_material, load_recipe
from operando.engine.keywords import described
from operando.engine.software import versions
from operando.engine.surroundings import surroundings
from operando.errors import ConfigurationError
from operando.vocabulary import as_counted, plain


def metadata(config: Endstation) -> dict[str, Any]:
    """Return configuration, geometry, recipe, material, cell programme and software as they are now.

    What nobody gave is absent.

    Raises
    ------
    ConfigurationError
        A file that the configuration names is missing or wrong.
    """
    lattice = load_material(config.beside(config.lattice.material)) if config.lattice else None
    recipe = as_counted(load_recipe(config.beside(config.integration.recipe)), config.detector.family)
    return {
        "endstation": config.name,
        **described(config),
        "operando": {
            "version": operando.__version__,
            "software": versions(),
            "configuration": config.model_dump(mode="json", exclude_none=True),
            "configuration_file": config.file.name,
            "configuration_text": config.text,
            "configuration_sha256": config.sha256,
            "poni": _text(config.beside(config.integration.poni)),
            "recipe": recipe.document(),
            **surroundings(config, recipe),
            "lattice": dataclasses.asdict(lattice) if lattice else None,
            "programme": plain(config.compiled_programme()),
        },
    }


def _text(poni: Path) -> str:
    try:
        return poni.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{poni}: [integration] poni cannot be read: {error}") from error
