"""Integration recipes and materials: TOML files beside the endstation's configuration."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from operando.config._model import Positive, Table
from operando.config.load import read, validate
from operando.errors import ConfigurationError
from operando.vocabulary import LatticeModel, Phase, Recipe

_Range = Annotated[tuple[float, float], Field(strict=False)]


class _Region(Table):
    """An entry of ``[[regions]]``."""

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    radial_range: _Range | None = None
    azimuth_range: _Range | None = None

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        _check(f"region {self.name}: radial_range", self.radial_range)
        _check_azimuth(f"region {self.name}: azimuth_range", self.azimuth_range)
        return self


class _Recipe(Table):
    """Keys of a recipe file."""

    npt: Annotated[int, Field(ge=10)]
    unit: Literal["q_nm^-1", "2th_deg", "d_A"]
    radial_range: _Range | None = None
    split: Literal["no", "bbox", "full"] = "bbox"
    orientation: Annotated[int, Field(ge=1, le=4)] = 3
    polarization_factor: Annotated[float, Field(ge=-1, le=1)] | None = None
    solid_angle: bool = True
    error_model: Literal["poisson", "pyfai_poisson"] | None = None
    mask: str | None = None
    mask_negative: bool = True
    sectors: Annotated[int, Field(ge=0, le=3600)] = 0
    azimuth_range: _Range | None = None
    regions: tuple[_Region, ...] = Field(default=(), strict=False)
    dark: str | None = None
    flat: str | None = None
    saturation: Positive | None = None
    monitor_reference: Positive | None = None
    parasitic: tuple[str, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        _check("radial_range", self.radial_range, f", in {self.unit}")
        _check_azimuth("azimuth_range", self.azimuth_range)
        _check_seam(self.azimuth_range)
        if self.unit == "d_A" and self.radial_range and self.radial_range[0] <= 0:
            raise ValueError(f"radial_range = {list(self.radial_range)}: spacings are above 0 Å")
        if self.sectors and self.split == "full":
            raise ValueError(f"sectors = {self.sectors} with split = 'full': cakes are split by bbox or not at all")
        names = [region.name for region in self.regions]
        if len(set(names)) < len(names):
            raise ValueError(f"regions {', '.join(names)}: each name once")
        return self


def _check(name: str, bounds: tuple[float, float] | None, where: str = "") -> None:
    if bounds and not bounds[0] < bounds[1]:
        raise ValueError(f"{name} = [{bounds[0]:g}, {bounds[1]:g}]: lower bound first{where}")


def _check_azimuth(name: str, bounds: tuple[float, float] | None) -> None:
    _check(name, bounds, ", in °")
    if bounds and (bounds[1] - bounds[0] > 360 or abs(bounds[0]) > 360 or abs(bounds[1]) > 360):
        raise ValueError(f"{name} = [{bounds[0]:g}, {bounds[1]:g}]: within −360° to 360°, at most a turn")


def _check_seam(bounds: tuple[float, float] | None) -> None:
    """Refuse what reaches across 0° and 180°: pyFAI's azimuth begins anew at one of them."""
    if bounds and not any(
        (bounds[0] - seam) % 360 + seam + (bounds[1] - bounds[0]) <= seam + 360 for seam in (-180.0, 0.0)
    ):
        raise ValueError(
            f"azimuth_range = [{bounds[0]:g}, {bounds[1]:g}]: across 0° and 180°, and pyFAI's azimuth begins anew at "
            "one of them"
        )


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
        One line for each thing that is wrong; also for a mask, dark or flat that is not there.
    """
    found = validate(path, read(path), _Recipe).model_dump()
    files = {name: _beside(path, name, found[name]) for name in ("mask", "dark", "flat") if found[name]}
    return Recipe.from_document({**found, **files})


def _beside(path: Path, name: str, file: str) -> str:
    there = (path.parent / file).resolve()
    if not there.is_file():
        raise ConfigurationError(f"{path}: {name} = {file!r}: no such file; relative to {path.parent}")
    return str(there)


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
