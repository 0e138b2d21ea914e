"""One TOML file per endstation."""

import hashlib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, model_validator

from operando.config._model import Table
from operando.config.beam import Beam, Detector, Integration, Lattice, Simulation, Source, Stage
from operando.config.cell import Cell
from operando.config.channels import Channel, clash, unwatched
from operando.config.control import Control
from operando.config.disk import Disk, Recorder
from operando.config.instruments import Heater, LoadCell, Piezo, Potentiostat, Pressure
from operando.config.interlocks import InterlockRow, contradiction
from operando.config.journal import Journal
from operando.config.people import Person, Proposal
from operando.config.programme import Facts, Programme, compile_programme, facts_of
from operando.config.quality import QualityLimits
from operando.config.reduction import Reduction
from operando.config.sample import Sample
from operando.config.sinks import Sinks
from operando.config.site import Site
from operando.errors import ConfigurationError
from operando.vocabulary import CellProgramme


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
    quality: QualityLimits = QualityLimits()
    control: Control = Control()
    disk: Disk = Disk()
    recorder: Recorder = Recorder()
    reduction: Reduction = Reduction()
    journal: Journal = Journal()
    site: Site = Site()
    interlocks: list[InterlockRow] = Field(default_factory=list)
    sinks: Sinks = Sinks()
    simulation: Simulation | None = None

    _file: Path = PrivateAttr(default=Path("endstation.toml"))
    _text: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if complaint := clash(self.channels, self.potentiostat):
            raise ValueError(complaint)
        try:
            programmes = self.compiled_programmes()
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        unknown = next(filter(None, (unwatched(name, programmes[name]) for name in programmes if name)), "")
        if complaint := unknown or contradiction(self):
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
    def facts(self) -> Facts:
        """What the programme of the cell in the press must fit."""
        return facts_of(self.cell, self.potentiostat, self.heater)

    def compiled_programme(self) -> CellProgramme:
        """Return the programme of the cell in the press, as the instrument runs it.

        Raises
        ------
        ConfigurationError
            One line for each thing that is nonsense.
        """
        return compile_programme(self.programme, self.facts)

    def compiled_programmes(self) -> dict[str, CellProgramme]:
        """Return the programme of each cell by its channel's name; that of the cell in the press has none.

        Raises
        ------
        ConfigurationError
            One line for each thing that is nonsense.
        """
        compiled = {"": self.compiled_programme()}
        for channel in self.channels:
            try:
                facts = facts_of(channel.cell, channel.potentiostat, self.heater)
                compiled[channel.name] = compile_programme(channel.programme, facts)
            except ConfigurationError as error:
                lines = str(error).splitlines()
                raise ConfigurationError("\n".join(f"channel {channel.name}: {line}" for line in lines)) from None
        return compiled

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
