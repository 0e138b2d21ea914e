"""``[programme]``: the cell programme; every potential names its scale."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from operando.config._model import Positive, Table
from operando.vocabulary import ConstantCurrentCycling, PotentialScale, terminal_voltage


class Potential(Table):
    """A potential and what it is measured against, as ``{ value_V = 4.3, scale = "Li/Li+" }``."""

    value_V: float
    scale: Annotated[PotentialScale, Field(strict=False)]

    def at_terminals(self, counter_electrode_potential: float) -> float:
        """V between the cell's terminals, given the counter electrode's potential in V vs Li/Li+."""
        return terminal_voltage(self.value_V, self.scale, counter_electrode_potential)


class Programme(Table):
    """Constant-current cycling between two potentials."""

    charge_current_A: Positive
    discharge_current_A: Positive
    upper_cutoff: Potential
    lower_cutoff: Potential
    cycles: Annotated[int, Field(ge=1)] = 1
    step_time_limit_s: Positive
    sample_interval_s: Annotated[float, Field(ge=0.05)] = 0.5

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        low, high = self.lower_cutoff, self.upper_cutoff
        if low.scale is high.scale and low.value_V >= high.value_V:
            raise ValueError(f"lower_cutoff = {low.value_V} V is not below upper_cutoff = {high.value_V} V")
        return self

    def compiled(self, counter_electrode_potential: float) -> ConstantCurrentCycling:
        """Return the programme with every potential converted to the cell's terminals.

        Parameters
        ----------
        counter_electrode_potential : float
            V vs Li/Li+.
        """
        return ConstantCurrentCycling(
            charge_current=self.charge_current_A,
            discharge_current=self.discharge_current_A,
            upper_cutoff=self.upper_cutoff.at_terminals(counter_electrode_potential),
            lower_cutoff=self.lower_cutoff.at_terminals(counter_electrode_potential),
            cycles=self.cycles,
            step_time_limit=self.step_time_limit_s,
            sample_interval=self.sample_interval_s,
        )
