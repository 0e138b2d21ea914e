"""The base of every configuration model: frozen, nothing unknown, text is not a number."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """One table of a TOML file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
