"""``[[people]]`` and ``[proposal]``: who does this, and in whose name."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from operando.config._model import Table

_ORCID = re.compile(r"^(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])$")


def _checked(orcid: str) -> str:
    """Return an ORCID without its address; its last character is a check (ISO 7064 MOD 11-2)."""
    found = _ORCID.match(orcid)
    if found is None:
        raise ValueError(f"{orcid!r}: the form 0000-0002-1825-0097 is wanted")
    *digits, check = list(found[1].replace("-", ""))
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    expected = (12 - total % 11) % 11
    if check != ("X" if expected == 10 else str(expected)):
        raise ValueError(f"{orcid!r}: its last character does not fit the others; one is mistyped")
    return found[1]


class Person(Table):
    """One of ``[[people]]``."""

    name: Annotated[str, Field(min_length=1)]
    role: str | None = None
    """Such as operator, principal investigator, local contact."""
    affiliation: str | None = None
    email: str | None = None
    orcid: Annotated[str, AfterValidator(_checked)] | None = None


class Proposal(Table):
    """``[proposal]``."""

    identifier: Annotated[str, Field(min_length=1)]
    title: str | None = None
