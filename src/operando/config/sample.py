"""``[sample]``: the specimen of this run, as somebody will look for it later."""

from typing import Annotated, Literal

from pydantic import Field

from operando.config._model import Day, Table


class Sample(Table):
    """``[sample]``; what the cell is made of stands in ``[cell]``."""

    name: Annotated[str, Field(min_length=1)]
    identifier: str | None = None
    """In the laboratory's own book or database."""
    description: str | None = None
    prepared_on: Day | None = None
    prepared_by: str | None = None
    situation: (
        Literal[
            "air",
            "vacuum",
            "inert atmosphere",
            "oxidising atmosphere",
            "reducing atmosphere",
            "sealed can",
            "other",
        ]
        | None
    ) = None
    """Words of NXsample."""
