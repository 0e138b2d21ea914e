"""What the stack-pressure loop takes from the configuration."""

import math
from dataclasses import dataclass

from operando.config import Endstation
from operando.control import DriveLimits, RegulatorGains


@dataclass(frozen=True, slots=True)
class PressureSettings:
    """What the loop takes from the configuration, in internal units.

    Parameters
    ----------
    area : float
        mm², of the electrode: N/mm² is MPa.
    tare, capacity : float
        N.
    tolerance, settle_time, ramp_rate : float
        MPa, s, MPa/s.
    gains, limits : RegulatorGains, DriveLimits
        Of the regulator.
    period : float
        s, nominal, between two steps.
    frozen_after : int
        Times in a row at which the same force counts as frozen.
    slope : float
        MPa/V, of the loaded stack, as far as known beforehand.
    authority_warning : float
        MPa of stroke left at which a warning is given.
    """

    area: float
    tare: float
    capacity: float
    tolerance: float
    settle_time: float
    ramp_rate: float
    gains: RegulatorGains
    limits: DriveLimits
    period: float = 0.05
    frozen_after: int = 5
    slope: float = 0.153
    authority_warning: float = 2.0

    @classmethod
    def of(cls, config: Endstation) -> "PressureSettings":
        """Return the settings of an endstation."""
        pressure, piezo = config.pressure, config.piezo
        return cls(
            area=math.pi / 4 * config.cell.electrode_diameter_mm**2,
            tare=config.load_cell.tare_N,
            capacity=config.load_cell.capacity_N,
            tolerance=pressure.tolerance_MPa,
            settle_time=pressure.settle_time_s,
            ramp_rate=pressure.ramp_rate_MPa_per_min / 60,
            gains=RegulatorGains(
                proportional=pressure.proportional_gain_V_per_MPa,
                integral=pressure.integral_gain_V_per_MPa_s,
                slope=pressure.pressure_per_volt_MPa_per_V,
                delay=pressure.reading_delay_s,
                noise=pressure.noise_band_MPa,
                drift_time=pressure.drift_time_s,
                fastest_drift=pressure.fastest_drift_MPa_per_s,
            ),
            limits=DriveLimits(piezo.low_limit_V, piezo.high_limit_V, piezo.slew_limit_V_per_s),
            period=1 / pressure.rate_Hz,
            frozen_after=config.load_cell.frozen_after,
            slope=pressure.pressure_per_volt_MPa_per_V,
            authority_warning=pressure.authority_warning_MPa,
        )
