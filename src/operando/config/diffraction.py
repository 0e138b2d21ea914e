"""Integration recipes and materials: TOML files beside the endstation's configuration."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from operando.config._model import Positive, Table
from operando.config.load import read, validate
from operando.errors import ConfigurationError
from operando.vocabulary import LatticeModel, Phase, Recipe


class _Recipe(Table):
    """Keys of a recipe file."""

    npt: Annotated[int, Field(ge=10)]
    unit: Literal["q_nm^-1", "2th_deg"]
    radial_range: Annotated[tuple[float, float], Field(strict=False)] | None = None
    split: Literal["no", "bbox", "full"] = "bbox"
    orientation: Annotated[int, Field(ge=1, le=4)] = 3
    polarization_factor: Annotated[float, Field(ge=-1, le=1)] | None = None
    solid_angle: bool = True
    error_model: Literal["poisson"] | None = None
    mask: str | None = None
    mask_negative: bool = True

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        low, high = self.radial_range or (0.0, 1.0)
        if not low < high:
            raise ValueError(f"radial_range = [{low:g}, {high:g}]: lower bound first, in {self.unit}")
        return self


class _Phase(Table):
    """``[phase]`` or an entry of ``[[neighbours]]``."""

    name: str
    system: Literal["hexagonal", "cubic"]
    a_A: Positive
    c_A: Positive | None = None
    reflections: Annotated[list[Annotated[tuple[int, int, int], Field(strict=False)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_axes(self) -> Self:
        if (self.c_A is not None) != (self.system == "hexagonal"):
            raise ValueError(
                f"c_A = {self.c_A}: a hexagonal phase has one and a cubic phase none; {self.name} is {self.system}"
            )
        return self

    def phase(self) -> Phase:
        """Return the frozen record of the vocabulary."""
        return Phase(self.name, self.system, self.a_A, self.c_A or self.a_A, tuple(self.reflections))


class _Material(Table):
    """Keys of a material file."""

    phase: _Phase
    neighbours: tuple[_Phase, ...] = Field(default=(), strict=False)


class Delithiation(Table):
    """Lattice parameters against charge, for the simulated cell alone; equal lengths, charge increasing."""

    citation: str
    charge_mAh_per_g: list[float]
    a_A: list[float]
    c_A: list[float]


def load_recipe(path: Path) -> Recipe:
    """Load an integration recipe.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong; also for a mask that is not there.
    """
    found = validate(path, read(path), _Recipe)
    mask = (path.parent / found.mask).resolve() if found.mask else None
    if mask and not mask.is_file():
        raise ConfigurationError(f"{path}: mask = {found.mask!r}: no such file; relative to {path.parent}")
    return Recipe(**{**found.model_dump(), "mask": mask})


def load_material(path: Path) -> LatticeModel:
    """Load a material whose lattice is fitted.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong.
    """
    found = validate(path, read(path), _Material)
    return LatticeModel(found.phase.phase(), tuple(neighbour.phase() for neighbour in found.neighbours))


def load_delithiation(path: Path) -> Delithiation:
    """Load the table that the simulated cell follows.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong.
    """
    return validate(path, read(path), Delithiation)
