"""Table of the journal."""

from typing import Annotated

from pydantic import Field

from operando.config._model import Table


class Journal(Table):
    """``[journal]``: how long the journals of runs are kept."""

    keep_days: Annotated[float, Field(gt=0)] | None = None
    """After the last line, where the file of record is complete; None keeps them for ever."""
