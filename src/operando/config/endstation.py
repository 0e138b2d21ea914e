"""One TOML file per endstation."""

import hashlib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, model_validator

from operando.config._model import Table
from operando.config.beam import Beam, Detector, Integration, Lattice, Simulation, Source, Stage
from operando.config.cell import Cell
from operando.config.channels import Channel, clash
from operando.config.control import Control
from operando.config.disk import Disk, Recorder
from operando.config.instruments import Heater, LoadCell, Piezo, Potentiostat, Pressure
from operando.config.interlocks import InterlockRow, contradiction
from operando.config.journal import Journal
from operando.config.people import Person, Proposal
from operando.config.programme import Programme
from operando.config.sample import Sample
from operando.config.sinks import Sinks
from operando.config.site import Site


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
    sample: Sample | None = None
    people: list[Person] = Field(default_factory=list)
    proposal: Proposal | None = None
    programme: Programme
    channels: list[Channel] = Field(default_factory=list)
    detector: Detector
    stage: Stage
    source: Source
    beam: Beam | None = None
    integration: Integration
    lattice: Lattice | None = None
    control: Control = Control()
    disk: Disk = Disk()
    recorder: Recorder = Recorder()
    journal: Journal = Journal()
    site: Site = Site()
    interlocks: list[InterlockRow] = Field(default_factory=list)
    sinks: Sinks = Sinks()
    simulation: Simulation | None = None

    _file: Path = PrivateAttr(default=Path("endstation.toml"))
    _text: str = PrivateAttr(default="")

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
        if complaint := clash(self.channels, self.potentiostat) or contradiction(self):
            raise ValueError(complaint)
        sample, proposal = self.sample, self.proposal
        self.site.check_names(sample.name if sample else None, proposal.identifier if proposal else None)
        self.sinks.check_profile(self.site.profile)
        return self

    def located(self, file: Path, text: str) -> Self:
        """Remember the file this was read from, and what stood in it."""
        self._file, self._text = file.resolve(), text
        return self

    @property
    def file(self) -> Path:
        """The TOML file this was read from."""
        return self._file

    @property
    def text(self) -> str:
        """What stood in that file when it was read."""
        return self._text

    @property
    def sha256(self) -> str:
        """SHA-256 of that text, hexadecimal: what ``sha256sum`` says of the file."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    def beside(self, name: str) -> Path:
        """Path of a file that the configuration names relative to its own folder."""
        return (self._file.parent / name).resolve()
