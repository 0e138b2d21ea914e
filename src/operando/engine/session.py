"""The session of this process, as its environment variables describe it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from operando.config import load
from operando.endstation import prepare_client
from operando.errors import EndstationError

if TYPE_CHECKING:
    from operando.engine.assembly import Assembly


def open_session() -> "Assembly":
    """Assemble what ``OPERANDO_CONFIG`` and ``OPERANDO_ROOT`` name.

    EPICS servers are found through the endstation's register, and where the site's own variables say.

    Raises
    ------
    EndstationError
        A variable is missing, or a record does not answer.
    ConfigurationError
        The configuration is wrong.
    """
    configuration, root = _variable("OPERANDO_CONFIG"), _variable("OPERANDO_ROOT")
    prepare_client(root)
    # Imported only now: with ophyd the EPICS client library reads these variables.
    from operando.engine.assembly import assemble

    return assemble(load(configuration), root)


def _variable(name: str) -> Path:
    try:
        return Path(os.environ[name])
    except KeyError:
        raise EndstationError(
            f"environment variable {name} is not set; `operando shell CONFIG` sets it, or set it before importing "
            "operando.startup"
        ) from None
