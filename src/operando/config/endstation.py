"""One TOML file per endstation."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, model_validator

from operando.config._model import Table
from operando.config.beam import Detector, Integration, Lattice, Simulation, Source, Stage
from operando.config.control import Control
from operando.config.instruments import Cell, Heater, LoadCell, Piezo, Potentiostat, Pressure
from operando.config.interlocks import InterlockRow, contradiction
from operando.config.programme import Programme


class Endstation(Table):
    """The whole configuration of an endstation.

    Paths in it are relative to the folder of the file; ports and ``data_root`` are relative to the root.
    """

    name: str
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:-]+:$")]
    data_root: str = "data"
    load_cell: LoadCell
    piezo: Piezo
    pressure: Pressure
    heater: Heater
    potentiostat: Potentiostat
    cell: Cell
    programme: Programme
    detector: Detector
    stage: Stage
    source: Source
    integration: Integration
    lattice: Lattice | None = None
    control: Control = Control()
    interlocks: list[InterlockRow] = Field(default_factory=list)
    simulation: Simulation | None = None

    _file: Path = PrivateAttr(default=Path("endstation.toml"))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        counter = self.cell.counter_electrode_potential_V
        programme = self.programme.compiled(counter)
        if programme.lower_cutoff >= programme.upper_cutoff:
            raise ValueError(
                f"programme.lower_cutoff is {programme.lower_cutoff:.3f} V at the terminals, "
                f"not below programme.upper_cutoff, {programme.upper_cutoff:.3f} V"
            )
        limit = self.potentiostat.current_limit_A
        for name in ("charge_current_A", "discharge_current_A"):
            current = getattr(self.programme, name)
            if current > limit:
                raise ValueError(f"programme.{name} = {current} is above potentiostat.current_limit_A = {limit}")
        if complaint := contradiction(self):
            raise ValueError(complaint)
        return self

    def located(self, file: Path) -> Self:
        """Remember the file this was read from."""
        self._file = file.resolve()
        return self

    @property
    def file(self) -> Path:
        """The TOML file this was read from."""
        return self._file

    def beside(self, name: str) -> Path:
        """Path of a file that the configuration names relative to its own folder."""
        return (self._file.parent / name).resolve()
