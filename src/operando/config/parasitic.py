"""Materials around the sample: which ones a recipe may name, from a TOML file with a table for each."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from operando.config._model import Positive, Table
from operando.config.load import read, validate
from operando.errors import ConfigurationError
from operando.vocabulary import ParasiticMaterial

_AXES = {"fcc": (True, False), "bcc": (True, False), "hcp": (True, True), "spacings": (False, False)}


class _Material(Table):
    """One table of the file."""

    lattice: Literal["fcc", "bcc", "hcp", "spacings"]
    a_A: Positive | None = None
    c_A: Positive | None = None
    spacings_A: list[Positive] = Field(default_factory=list)
    smallest_spacing_A: Annotated[float, Field(ge=0.3)] = 0.8
    half_width_percent: Annotated[float, Field(gt=0, le=20)] = 1.3

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.a_A is not None, self.c_A is not None) != _AXES[self.lattice]:
            raise ValueError(f"lattice = {self.lattice!r}: fcc and bcc have a_A, hcp has a_A and c_A, spacings neither")
        if bool(self.spacings_A) != (self.lattice == "spacings"):
            raise ValueError(f'spacings_A = {self.spacings_A}: lattice = "spacings" has some, any other has none')
        return self

    def material(self, name: str) -> ParasiticMaterial:
        """Return the frozen record of the vocabulary."""
        return ParasiticMaterial(
            name=name,
            lattice=self.lattice,
            a=self.a_A or 0.0,
            c=self.c_A or 0.0,
            spacings=tuple(self.spacings_A),
            smallest_spacing=self.smallest_spacing_A,
            half_width=self.half_width_percent / 100,
        )


def load_parasitic(names: Sequence[str], path: Path | None = None) -> tuple[ParasiticMaterial, ...]:
    """Return the materials that a recipe names.

    Parameters
    ----------
    names : sequence of str
        As in the recipe's ``parasitic``.
    path : Path or None
        A file of one's own; None is the one that comes with the package.

    Raises
    ------
    ConfigurationError
        The file is wrong, or does not hold such a material.
    """
    if not names:
        return ()
    with as_file(files("operando.configs") / "materials" / "parasitic.toml") as shipped:
        file = path or shipped
        known = read(file)
    unknown = [name for name in names if not isinstance(known.get(name), dict)]
    if unknown:
        raise ConfigurationError(
            f"{file}: parasitic = {list(names)} of the recipe names {', '.join(map(repr, unknown))}; known: "
            f"{', '.join(known)}; write a table for it there"
        )
    return tuple(validate(f"{file}: [{name}]", known[name], _Material).material(name) for name in names)
