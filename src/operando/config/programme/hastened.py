"""A programme for a cell whose time is made to run faster: the simulated one."""

from collections.abc import Mapping
from typing import Any

from operando.config.programme.currents import c_rate

TIMES = ("until_time_s", "current_time_s", "hold_time_s", "pulse_time_s", "rest_time_s", "step_time_limit_s")
CURRENTS = tuple(
    f"{stem}_{unit}"
    for stem in ("current", "current_limit", "until_current_below", "amplitude", "bias")
    for unit in ("A", "mA_per_g", "C_rate")
)
RATES = ("rate_mV_per_s",)
FREQUENCIES = ("high_frequency_Hz", "low_frequency_Hz")
HIGHEST_FREQUENCY = 2e5
"""Hz: instruments end there."""


def hastened(written: Mapping[str, Any], speed: float, sample_interval: float) -> dict[str, Any]:
    """Return a programme, as it was read, that does to a cell of a faster time what it did to the cell.

    Currents, ramps and frequencies are multiplied, times are divided; charges and voltages stay.

    Parameters
    ----------
    written : mapping
        Tables of the programme language.
    speed : float
        How much faster.
    sample_interval : float
        s between two samples, in the real world; no time becomes shorter.

    Examples
    --------
    >>> hastened({"current_C_rate": "C/4", "until_time_s": 3600}, 100.0, 0.5)
    {'current_C_rate': 25.0, 'until_time_s': 36.0}
    """
    return {key: _value(key, value, speed, sample_interval) for key, value in written.items()}


def _value(key: str, value: Any, speed: float, sample_interval: float) -> Any:
    if isinstance(value, Mapping):
        return hastened(value, speed, sample_interval)
    if isinstance(value, list):
        return [_value("", entry, speed, sample_interval) for entry in value]
    if key == "sample_interval_s":
        return sample_interval
    if key in CURRENTS:
        return c_rate(value) * speed
    if key in RATES:
        return value * speed
    if key in FREQUENCIES:
        return min(value * speed, HIGHEST_FREQUENCY)
    if key in TIMES:
        return max(value / speed, sample_interval)
    return value
