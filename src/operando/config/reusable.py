"""Which keys make a run of use to somebody who was not there.

Without those of the stack pressure a number of MPa cannot be used by anybody else, and most published in-situ work on
solid-state cells does not report them. The pressure during the run is measured; that it can be believed, and what the
stack has been through before, only people know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from operando.config.endstation import Endstation


@dataclass(frozen=True, slots=True)
class Fact:
    """A key of the configuration, and what it says; no key: anything in the table."""

    table: str
    key: str
    says: str

    def __str__(self) -> str:
        return f"[{self.table}] {self.key} ({self.says})" if self.key else f"[{self.table}] ({self.says})"


STACK_PRESSURE = (
    Fact("cell", "electrode_diameter_mm", "the area that carries the force"),
    Fact("cell", "assembly_pressure_MPa", "what the stack was pressed with when it was made"),
    Fact("load_cell", "tare_time", "when the zero of the load cell was taken"),
    Fact("load_cell", "calibrated_on", "when the load cell was last compared with a standard"),
)
"""A run without one of these is refused, unless somebody says why."""

FURTHER = (
    Fact("sample", "name", "which specimen this is"),
    Fact("cell", "active_mass_mg", "for mA h/g"),
    Fact("cell", "theoretical_capacity_mAh_per_g", "for the share of lithium that moved"),
    Fact("cell", "assembly_duration_min", "how long it was pressed"),
    Fact("cell", "separator", "what conducts the ions"),
    Fact("cell", "layers", "materials and thicknesses through which the beam goes"),
    Fact("load_cell", "sensitivity_mV_per_V", "from its calibration"),
    Fact("beam", "energy_keV", "as the monochromator has it"),
    Fact("beam", "flux_per_s", "for the dose"),
    Fact("beam", "horizontal_size_um", "for the dose, and for what a map resolves"),
    Fact("beam", "vertical_size_um", "for the dose, and for what a map resolves"),
    Fact("detector", "model", "what counted the photons"),
    Fact("integration", "calibrant", "what the geometry was calibrated with"),
    Fact("people", "", "who knows more"),
    Fact("proposal", "identifier", "in whose name"),
)
"""Nobody is refused for want of these."""


def missing_stack_pressure(config: "Endstation") -> tuple[Fact, ...]:
    """Return what nobody has written down about the stack pressure."""
    return tuple(fact for fact in STACK_PRESSURE if not _is_given(config, fact))


def missing_further(config: "Endstation") -> Iterator[Fact]:
    """Yield what else would make a run reusable, and is not there."""
    return (fact for fact in FURTHER if not _is_given(config, fact))


def _is_given(config: "Endstation", fact: Fact) -> bool:
    table = getattr(config, fact.table)
    value = getattr(table, fact.key, None) if fact.key else table
    return value is not None and value != []
