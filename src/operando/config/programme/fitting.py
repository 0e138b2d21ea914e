"""What a programme must fit, as the tables of a configuration say it."""

from operando.config.cell import Cell
from operando.config.instruments import Heater, Potentiostat
from operando.config.programme.facts import INSTRUMENTS, CellFacts, Facts
from operando.errors import ConfigurationError


def facts_of(cell: Cell, potentiostat: Potentiostat, heater: Heater) -> Facts:
    """Return the facts of one cell on one instrument.

    Raises
    ------
    ConfigurationError
        The endstation allows more current than the instrument has.
    """
    instrument = INSTRUMENTS[potentiostat.driver]
    if potentiostat.current_limit_A > instrument.current_limit:
        raise ConfigurationError(
            f"[potentiostat] current_limit_A = {potentiostat.current_limit_A:g}: {instrument.name} ends at "
            f"{instrument.current_limit:g} A"
        )
    return Facts(
        CellFacts(
            counter_electrode_potential=cell.counter_electrode_potential_V,
            nominal_capacity=cell.nominal_capacity_mAh / 1000.0,
            active_mass=cell.active_mass_mg / 1000.0 if cell.active_mass_mg else None,
            theoretical_capacity=cell.theoretical_capacity / 1000.0 if cell.theoretical_capacity else None,
        ),
        instrument.limited_to(potentiostat.current_limit_A),
        (heater.low_limit_C, heater.high_limit_C),
    )
