"""A cell programme as its author wrote it."""

import hashlib
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, model_validator

from operando.config._model import NotNegative, Positive, Table
from operando.config.programme.amounts import Potential
from operando.config.programme.steps import AnyStep, Duration, Interval

STEP_COUNT = 10_000
"""More are no programme that a person wrote."""


class SafetyLimits(Table):
    """``[safety]``: what ends the whole programme, at open circuit, when it lasts longer than the delay."""

    upper_voltage: Potential | None = None
    lower_voltage: Potential | None = None
    current_A: Positive | None = None
    current_mA_per_g: Positive | None = None
    charge_mAh: Positive | None = None
    charge_mAh_per_g: Positive | None = None
    """Since the programme began, without its sign."""
    delay_s: Annotated[NotNegative, Field(le=60)] = 0.0

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        for stem, keys in (
            ("current", ("current_A", "current_mA_per_g")),
            ("charge", ("charge_mAh", "charge_mAh_per_g")),
        ):
            if all(getattr(self, key) is not None for key in keys):
                raise ValueError(f"{stem}: {' and '.join(keys)} are both there; one of them is wanted")
        return self


class Programme(Table):
    """A cell programme: steps in order; every potential names its scale."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
    step_time_limit_s: Duration
    """For every step that names no time of its own: nothing else ends it for certain."""
    sample_interval_s: Interval = 0.5
    safety: SafetyLimits = SafetyLimits()
    steps: Annotated[list[AnyStep], Field(min_length=1, max_length=STEP_COUNT)]

    _file: str = PrivateAttr(default="")
    _text: str = PrivateAttr(default="")

    def located(self, file: str, text: str) -> Self:
        """Remember the file this was read from, and what stood in it."""
        self._file, self._text = file, text
        return self

    @property
    def file(self) -> str:
        """Where this was read from; nothing for one that stands in the endstation's own file."""
        return self._file

    @property
    def source(self) -> str:
        """The text of its file, byte for byte; else the same in JSON, which the language is, too."""
        return self._text or self.model_dump_json(exclude_none=True)

    @property
    def hash(self) -> str:
        """SHA-256 of that text, hexadecimal: what ``sha256sum`` says of the file."""
        return hashlib.sha256(self.source.encode()).hexdigest()
