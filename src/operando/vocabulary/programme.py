"""A cell programme as plain data, with every voltage already at the cell's terminals."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConstantCurrentCycling:
    """Constant-current charge and discharge between two terminal voltages, repeated.

    Parameters
    ----------
    charge_current : float
        A, positive.
    discharge_current : float
        A, positive; the instrument applies its negative.
    upper_cutoff, lower_cutoff : float
        V between the terminals of the cell.
    cycles : int
        Number of charge-discharge pairs.
    step_time_limit : float
        s; a step that has not met its cutoff ends then.
    sample_interval : float
        s between two samples of voltage and current.
    """

    charge_current: float
    discharge_current: float
    upper_cutoff: float
    lower_cutoff: float
    cycles: int
    step_time_limit: float
    sample_interval: float
