"""The interlocks of the configuration as rows that the loop judges."""

from typing import TYPE_CHECKING

from operando.config import Endstation
from operando.config.interlocks import InterlockRow, expanded
from operando.control.cell_conditions import CurrentSurge, LeadOff, ShortCircuit
from operando.control.conditions import (
    Above,
    Below,
    Condition,
    Doubtful,
    HeldInSample,
    Holds,
    HoldsUntilReset,
    Missing,
    Saturated,
    Stale,
)
from operando.control.interlock import Actions, Interlock
from operando.control.patterns import Couplings, NoEffect, RisesFaster, Runaway, Unexplained
from operando.vocabulary import CurrentAction, HeatAction, PressureAction, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable

MILLIAMPERE_HOURS = 1000.0
"""In an A h."""


def interlock_table(config: Endstation) -> tuple[Interlock, ...]:
    """Return the rows in their order.

    Parameters
    ----------
    config : Endstation
        What the endstation is.
    """
    return tuple(
        Interlock(
            name=row.name,
            quantity=row.quantity,
            unit=unit_of(row.quantity),
            condition=_condition(row, config),
            for_s=row.for_s,
            for_samples=row.for_samples,
            cell=row.cell,
            severity=row.severity,
            actions=Actions(
                CurrentAction[row.current.upper()], HeatAction[row.heat.upper()], PressureAction[row.pressure.upper()]
            ),
        )
        for row in expanded(config)
    )


def _condition(row: InterlockRow, config: Endstation) -> Condition:
    limit = row.limit if row.limit is not None else 0.0  # only where the condition has none
    channel = row.cell or ""
    made: dict[str, Callable[[], Condition]] = {
        "above": lambda: Above(limit, doubtful=row.cell is not None),
        "below": lambda: Below(limit, doubtful=row.cell is not None),
        "rate_above": lambda: RisesFaster(limit, row.window),
        "invalid": Doubtful,
        "stale": lambda: Stale(limit),
        "saturated": lambda: Saturated(config.piezo.low_limit_V, config.piezo.high_limit_V, "stack_pressure_setpoint"),
        "missing": Missing,
        "set": _flag(row),
        "no_effect": lambda: NoEffect(limit),
        "runaway": lambda: Runaway(limit, row.window),
        "short_circuit": lambda: ShortCircuit(limit, channel),
        "surge": lambda: CurrentSurge(limit, channel),
        "lead_off": lambda: LeadOff(limit, channel),
        "unexplained": lambda: Unexplained(limit, _couplings(config)),
    }
    return made[row.condition]()


def _flag(row: InterlockRow) -> "Callable[[], Condition]":
    if row.cell is not None:
        return HeldInSample
    return HoldsUntilReset if row.quantity.startswith("amplifier_") else Holds


def _couplings(config: Endstation) -> Couplings:
    pressure = config.pressure
    return Couplings(
        pressure.pressure_per_volt_MPa_per_V,
        pressure.pressure_per_kelvin_MPa_per_K,
        pressure.pressure_per_charge_MPa_per_mAh * MILLIAMPERE_HOURS,
    )
