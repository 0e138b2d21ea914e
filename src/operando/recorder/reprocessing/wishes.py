"""What is to be otherwise in a run that is reduced again, and what that changes."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from operando.recorder.reprocessing.calibration import Calibration
from operando.recorder.run import Run
from operando.vocabulary import LatticeModel, ParasiticMaterial, Recipe, as_counted

FILES = ("mask", "dark", "flat")
"""Keys of a recipe that name files, whose content counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to be otherwise; None stays as it was.

    Parameters
    ----------
    poni : str or None
        Text of a PONI file.
    recipe : Recipe or None
        How frames are integrated.
    mask : Path or None
        In place of the mask of the recipe, whichever that is.
    lattice : LatticeModel or None
        What is fitted on each pattern.
    parasitic : tuple of ParasiticMaterial
        The materials that ``recipe`` names; they come with it.
    blank : Mapping or None
        What is taken off each pattern, as `operando.recorder.blank_file` reads it.
    load_cell : Calibration or None
        Of the load cell.
    """

    poni: str | None = None
    recipe: Recipe | None = None
    mask: Path | None = None
    lattice: LatticeModel | None = None
    parasitic: tuple[ParasiticMaterial, ...] = ()
    blank: Mapping[str, Any] | None = None
    load_cell: Calibration | None = None

    def fulfilled(self, run: Run) -> Run:
        """Return a run as if it had been started so."""
        recipe = as_counted(self.recipe, run.setting("detector", "family")) if self.recipe else run.recipe
        if self.mask is not None:
            recipe = replace(recipe, mask=self.mask)
        lattice = self.lattice or run.lattice
        ours = {
            **run.document["operando"],
            "poni": run.poni if self.poni is None else self.poni,
            "recipe": recipe.document(),
            "lattice": asdict(lattice) if lattice else None,
        }
        ours.pop("recipe_digest", None)  # its files are taken as they are now
        if self.recipe:
            ours["parasitic"] = [material.document() for material in self.parasitic]
        if self.blank is not None:
            ours["blank"] = self.blank
        if self.load_cell:
            configuration = dict(run.configuration)
            configuration["load_cell"] = {**configuration.get("load_cell", {}), **self.load_cell.fields}
            ours["configuration"] = configuration
        return Run.from_start({**run.document, "operando": ours})


def differences(old: Run, new: Run, wishes: Wishes) -> dict[str, dict[str, Any]]:
    """Return what differs between a run and what was wished for: dotted name → before and after.

    A key that is not there on one side is None there. Texts of PONI files are given as a whole, a blank
    is its hash.
    """
    before, after = dict(_facts(old)), dict(_facts(new))
    if wishes.load_cell:
        before["load_cell.scale"], after["load_cell.scale"] = 1.0, wishes.load_cell.scale
    names = [*before, *(name for name in after if name not in before)]
    return {
        name: {"before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    }


def fingerprints(run: Run) -> dict[str, str]:
    """Return the SHA-256 of the texts and files that a run is reduced with; a file that is not there has none."""
    found = {"poni": hashlib.sha256(run.poni.encode()).hexdigest()}
    for name in FILES:
        path = getattr(run.recipe, name)
        if path is not None and path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _facts(run: Run) -> Iterator[tuple[str, Any]]:
    yield "poni", run.poni
    yield from _flat("recipe", run.recipe.document())
    yield from _flat("lattice", asdict(run.lattice) if run.lattice else {})
    yield "parasitic", [material.document() for material in run.parasitic]
    yield "blank", run.blank["sha256"] if run.blank else None
    yield from _flat("load_cell", run.setting("load_cell") or {})


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        yield f"{prefix}.{key}", value
