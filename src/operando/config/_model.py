"""The base of every configuration model: frozen, nothing unknown, text is not a number."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Day = Annotated[date, Field(strict=False)]
"""A day, as TOML writes it, or as ISO 8601 text."""
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Table(BaseModel):
    """One table of a TOML file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
