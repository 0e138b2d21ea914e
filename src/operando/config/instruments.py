"""Tables of the sample environment: who measures, who acts, through which line, within which limits."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from operando.config._model import Day, NotNegative, Positive, Table


class LoadCell(Table):
    """``[load_cell]``: the force sensor in the load path."""

    driver: Literal["dscusb"]
    port: str
    station: Annotated[int, Field(ge=1, le=999)] = 1
    capacity_N: Positive
    tare_N: float = 0.0
    tare_time: datetime | None = None
    tare_temperature_C: float = 25.0
    zero_drift_N_per_K: NotNegative = 0.2
    zero_drift_N_per_root_day: NotNegative = 1.0
    guide_friction_N: NotNegative = 30.0
    frozen_after: Annotated[int, Field(ge=2)] = 5
    tare_by: str | None = None
    model: str | None = None
    serial_number: str | None = None
    sensitivity_mV_per_V: Positive | None = None
    calibrated_on: Day | None = None
    calibrated_by: str | None = None
    calibration_certificate: str | None = None


class Piezo(Table):
    """``[piezo]``: the amplifier of the stack-pressure actuator."""

    driver: Literal["nv200"]
    port: str
    low_limit_V: float
    high_limit_V: float
    slew_limit_V_per_s: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_limit_V >= self.high_limit_V:
            raise ValueError(f"low_limit_V = {self.low_limit_V} is not below high_limit_V = {self.high_limit_V}")
        return self


class Pressure(Table):
    """``[pressure]``: limits, settling and the stack-pressure regulator (`operando.control.RegulatorGains`)."""

    low_limit_MPa: float
    high_limit_MPa: float
    tolerance_MPa: Positive
    settle_time_s: Annotated[float, Field(ge=0)]
    ramp_rate_MPa_per_min: Positive
    rate_Hz: Annotated[float, Field(gt=0, le=50)] = 20.0
    proportional_gain_V_per_MPa: Annotated[float, Field(ge=0)]
    integral_gain_V_per_MPa_s: Positive
    noise_band_MPa: Positive = 0.01
    reading_delay_s: Positive = 0.06
    drift_time_s: Positive = 5.0
    fastest_drift_MPa_per_s: NotNegative = 0.075
    pressure_per_volt_MPa_per_V: Positive = 0.153
    pressure_per_kelvin_MPa_per_K: NotNegative = 0.0
    pressure_per_charge_MPa_per_mAh: float = 0.0
    authority_warning_MPa: NotNegative = 2.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_limit_MPa >= self.high_limit_MPa:
            raise ValueError(
                f"low_limit_MPa = {self.low_limit_MPa} is not below high_limit_MPa = {self.high_limit_MPa}"
            )
        return self


class Heater(Table):
    """``[heater]``: the temperature controller; its own loop regulates."""

    driver: Literal["eurotherm3216"]
    port: str
    address: Annotated[int, Field(ge=1, le=254)] = 1
    baudrate: Literal[9600, 19200] = 19200
    low_limit_C: float
    high_limit_C: float
    tolerance_C: Positive
    settle_time_s: Annotated[float, Field(ge=0)]
    ramp_rate_K_per_min: Positive
    poll_interval_s: Positive = 0.5
    watchdog: bool = False
    waits_below_authority_MPa: NotNegative = 1.0
    waits_above_error_MPa: Positive = 0.5

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_limit_C >= self.high_limit_C:
            raise ValueError(f"low_limit_C = {self.low_limit_C} is not below high_limit_C = {self.high_limit_C}")
        return self


class Potentiostat(Table):
    """``[potentiostat]``: the instrument that runs the cell programme."""

    driver: Literal["emstat4", "keithley2400", "nexus"]
    port: str
    current_limit_A: Positive
