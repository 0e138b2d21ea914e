"""``[site]``: where files go, and by whose rules they are named."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from operando.config._model import Table
from operando.vocabulary.names import component, esrf_proposal, site_name

PROFILES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lab": ((), ()),
    "esrf": (("beamline", "session"), ()),
    "petra": ((), ("roots", "beamtime_id", "fio")),
}
"""Profile → keys that it wants, keys that it knows besides."""


class Site(Table):
    """``[site]``: absent is ``lab``.

    Files bear the names of ``[sample]`` and, at the ESRF, ``[proposal]``. The data root of ``lab`` and ``esrf`` is
    ``data_root``; ``petra`` takes the first of ``roots`` that can be written when a run starts.
    """

    profile: Literal["lab", "esrf", "petra"] = "lab"
    beamline: str | None = None
    session: str | None = None
    roots: Annotated[list[str], Field(min_length=1)] = Field(
        default=["/gpfs/current", "/gpfs/commissioning", "/gpfs/local"]
    )
    beamtime_id: str | None = None
    fio: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted, known = PROFILES[self.profile]
        if missing := [key for key in wanted if getattr(self, key) is None]:
            raise ValueError(f"{missing[0]}: missing; profile = {self.profile!r} wants {', '.join(wanted)}")
        if foreign := sorted(self.model_fields_set - {"profile", *wanted, *known}):
            raise ValueError(
                f"{foreign[0]}: not a key of profile = {self.profile!r}; known there: "
                f"{', '.join((*wanted, *known)) or 'none'}"
            )
        return self

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.beamtime_id is not None:
            component(self.beamtime_id)
        if self.profile == "esrf":
            self._check_esrf()
        return self

    def _check_esrf(self) -> None:
        beamline, session = self.beamline or "", self.session or ""
        if not (beamline.isascii() and beamline.isalnum() and beamline.islower()):
            raise ValueError(f"beamline = {beamline!r}: small letters and digits are wanted, as in bm31")
        if not _is_day(session):
            raise ValueError(f"session = {session!r}: the first day of the session is wanted, as in 20260301")

    def check_names(self, sample: str | None, proposal: str | None) -> None:
        """Check what files are named after; what a run may still say can be missing.

        Raises
        ------
        ValueError
            The site does not allow a name.
        """
        if self.profile == "lab":
            return
        if sample is not None:
            site_name(sample, self.profile, "[sample] name")
        if self.profile == "esrf" and proposal is not None:
            esrf_proposal(proposal, str(self.beamline))


def _is_day(text: str) -> bool:
    """Return whether a text is a day as ESRF writes it."""
    try:
        return len(text) == 8 and bool(date.fromisoformat(text))
    except ValueError:
        return False
