"""One record as a line of a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["float", "integer", "flag", "text", "waveform"]
Value = float | int | str | NDArray[np.float64]
Put = Callable[[Any], None]

TEXT_LENGTH = 8192
"""Bytes of a text record, where nothing longer is asked for."""
_DESC_LENGTH = 40
"""Characters of the field DESC that clients see (EPICS base, dbCommon.dbd: size 41 with its end mark)."""
_EGU_LENGTH = 15
"""Characters of the field EGU (aiRecord.dbd: size 16 with its end mark)."""


@dataclass(frozen=True, slots=True)
class RecordSpec:
    """What one EPICS record serves.

    Parameters
    ----------
    name : str
        Without the endstation's prefix, as ``PRESSURE:READBACK``.
    kind : str
        ``float``, ``integer`` (32 bit), ``flag`` (0 or 1), ``text`` (a char waveform: long JSON fits) or ``waveform``
        (of float64, only published).
    unit : str
        Shown in EGU, at most 15 characters.
    precision : int
        Digits after the point, shown in PREC.
    description : str
        Shown in DESC, at most 40 characters.
    on_put : callable, optional
        Makes the record writable: called with each value a client puts, in the server's own thread, one at a time.
        The record itself keeps its value until the service publishes another one: what is refused never shows.
    length : int
        Bytes of a text, numbers of a waveform, at most.
    """

    name: str
    kind: Kind
    unit: str = ""
    precision: int = 0
    description: str = ""
    on_put: Put | None = None
    length: int = TEXT_LENGTH

    def __post_init__(self) -> None:
        if len(self.description) > _DESC_LENGTH or len(self.unit) > _EGU_LENGTH:
            raise ValueError(
                f"record {self.name}: description {self.description!r} (at most {_DESC_LENGTH} characters) "
                f"or unit {self.unit!r} (at most {_EGU_LENGTH}) is too long for EPICS"
            )
        if self.kind == "waveform" and self.on_put is not None:
            raise ValueError(f"record {self.name}: a waveform is published, nobody can put into it")
