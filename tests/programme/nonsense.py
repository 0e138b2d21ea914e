"""Programmes with one thing wrong, and what must be said of each."""

from typing import Any

Table = dict[str, Any]
COUNTER = 0.62
"""V vs Li/Li+."""


def potential(volts: float, scale: str) -> Table:
    """Return V between the terminals as an author writes it on a scale."""
    return {"value_V": round(volts + (COUNTER if scale == "Li/Li+" else 0.0), 4), "scale": scale}


CHARGE = {
    "kind": "constant_current",
    "current_A": 1e-4,
    "until_voltage_above": potential(3.68, "Li/Li+"),
    "until_time_s": 50.0,
}
DISCHARGE = {
    "kind": "constant_current",
    "current_A": -1e-4,
    "until_voltage_below": potential(2.18, "Li/Li+"),
    "until_time_s": 50.0,
}
HOLD = {
    "kind": "constant_voltage",
    "voltage": potential(3.0, "cell"),
    "current_limit_A": 1e-3,
    "until_current_below_A": 1e-4,
    "until_time_s": 50.0,
}
RAMP = {
    "kind": "voltage_ramp",
    "begin": potential(2.8, "cell"),
    "end": potential(3.0, "cell"),
    "rate_mV_per_s": 10.0,
    "current_limit_A": 1e-3,
}
SPECTRUM = {
    "kind": "eis",
    "amplitude_mV": 10.0,
    "high_frequency_Hz": 1e4,
    "low_frequency_Hz": 10.0,
    "current_limit_A": 1e-3,
}
NONSENSE: dict[str, tuple[list[Table], str]] = {
    "no scale": ([CHARGE | {"until_voltage_above": 4.3}], "until_voltage_above: 4.3 V has no scale"),
    "a foreign scale": ([CHARGE | {"until_voltage_above": {"value_V": 4.3, "scale": "SHE"}}], "scale = 'SHE'"),
    "a limit against the current": (
        [CHARGE | {"until_voltage_below": potential(2.5, "cell")}],
        "until_voltage_below = 3.120 V vs Li/Li+ (2.500 V at the terminals): charging raises the voltage",
    ),
    "nothing stops the voltage": (
        [{"kind": "constant_current", "current_A": 1e-4, "until_time_s": 50.0}],
        "until_voltage_above: missing",
    ),
    "two limits the wrong way round": (
        [
            CHARGE | {"until_voltage_above": potential(2.5, "cell")},
            DISCHARGE | {"until_voltage_below": potential(2.6, "cell")},
        ],
        "not below 3.120 V vs Li/Li+ (2.500 V at the terminals), where step 1",
    ),
    "a loop that ends where it begins": (
        [{"kind": "loop", "passes": 2, "steps": [DISCHARGE, CHARGE | {"until_voltage_above": potential(2.0, "cell")}]}],
        "it would be met at once",
    ),
    "more current than there is": ([CHARGE | {"current_A": 0.2}], "emstat4 may use from 1 nA to 100 mA"),
    "less current than there is": ([CHARGE | {"current_A": 1e-12}], "emstat4 may use from 1 nA to 100 mA"),
    "no current": ([CHARGE | {"current_A": 0.0}], "a step without current is a rest"),
    "two currents": ([CHARGE | {"current_C_rate": 1.0}], "one of them is wanted"),
    "a charge that takes longer": ([CHARGE | {"until_charge_mAh": 1.0}], "lets 1.389 µA h pass at most"),
    "more charge than there is lithium": (
        [CHARGE | {"current_A": 0.1, "until_charge_mAh": 1.65}],
        "the active mass has 1.082 mA h in theory",
    ),
    "a voltage out of reach": (
        [CHARGE | {"until_voltage_above": potential(7.0, "cell")}],
        "emstat4 goes from -6 to 6 V at the terminals",
    ),
    "a taper above the limit": ([HOLD | {"until_current_below_A": 2e-3}], "would be met at once"),
    "a taper above the charge": (
        [{"kind": "cc_cv", "current_A": 1e-4, "voltage": potential(3.6, "cell"), "until_current_below_A": 1.2e-4}],
        "would be met at once",
    ),
    "a rest without an end": ([{"kind": "rest"}], "nothing says when it ends"),
    "a rest until it boils": ([{"kind": "rest", "until_temperature_above_C": 150.0}], "heater goes from 15 to 100 °C"),
    "a ramp that has no time": ([RAMP | {"until_time_s": 10.0}], "the ramp takes 20 s"),
    "a ramp to where it is": ([RAMP | {"end": potential(2.8, "cell")}], "where it begins"),
    "a spectrum upside down": ([SPECTRUM | {"high_frequency_Hz": 1.0}], "low_frequency_Hz = 10 Hz: not below 1 Hz"),
    "a frequency out of reach": ([SPECTRUM | {"high_frequency_Hz": 1e6}], "emstat4 measures from"),
    "a spectrum without time": ([SPECTRUM | {"low_frequency_Hz": 1e-3}], "one period of each frequency alone"),
    "an unknown kind": ([{"kind": "magic"}], "kind = 'magic': one of rest"),
    "a key of another kind": ([CHARGE | {"until_current_below_A": 1e-5}], "no key of a constant_current step"),
    "an empty loop": ([{"kind": "loop", "passes": 2, "steps": []}], "steps"),
    "no pass": ([{"kind": "loop", "passes": 0, "steps": [CHARGE]}], "passes = 0"),
    "cycles in cycles": (
        [
            {
                "kind": "loop",
                "passes": 2,
                "cycles": True,
                "steps": [{"kind": "loop", "passes": 2, "cycles": True, "steps": [CHARGE, DISCHARGE]}],
            }
        ],
        "whose passes are cycles already",
    ),
    "too many frequencies": (
        [
            SPECTRUM
            | {"high_frequency_Hz": 1e5, "low_frequency_Hz": 1e-5, "points_per_decade": 100, "until_time_s": 2.5e6}
        ],
        "frequencies; at most 1000",
    ),
    "a charge that nobody can measure": ([CHARGE | {"until_charge_mAh": 1e-9}], "cannot be measured"),
    "a name that no file holds": ([CHARGE | {"name": "charge\x00"}], "name = 'charge\\x00'"),
    "a name of half a sign": ([CHARGE | {"name": "\ud800"}], "name"),
    "a slow modulation that fills the cell": (
        [
            {
                "kind": "geis",
                "amplitude_A": 0.05,
                "high_frequency_Hz": 10.0,
                "low_frequency_Hz": 1e-3,
                "points_per_decade": 1,
                "until_time_s": 5000.0,
            }
        ],
        "within one point 6.252 mA h would pass",
    ),
    "a bias that nobody watches": (
        [
            {
                "kind": "geis",
                "amplitude_A": 1e-6,
                "bias_A": 1e-6,
                "high_frequency_Hz": 10.0,
                "low_frequency_Hz": 0.05,
                "until_time_s": 5000.0,
            }
        ],
        "nobody looks at the voltage for 60 s",
    ),
    "a ramp that stands still": (
        [{key: value for key, value in RAMP.items() if key != "begin"} | {"rate_mV_per_s": 9e-125}],
        "at least 0.01 mV/s",
    ),
    "a ramp that is a jump": ([RAMP | {"rate_mV_per_s": 1e6}], "at most 300000 mV/s"),
    "a sign that leads away from the voltage": (
        [
            {
                "kind": "loop",
                "passes": 2,
                "steps": [
                    {
                        "kind": "cc_cv",
                        "current_A": -1e-4,
                        "voltage": potential(3.68, "cell"),
                        "until_current_below_A": 1e-5,
                    },
                    {"kind": "rest", "until_time_s": 5.0},
                    DISCHARGE,
                    {"kind": "rest", "until_time_s": 5.0},
                ],
            }
        ],
        "current_A is -100 µA: leads away from voltage = 4.300 V vs Li/Li+",
    ),
    "samples rarer than the step": ([CHARGE | {"sample_interval_s": 60.0}], "two samples are 60 s apart"),
}
"""What is wrong → entries of which one has it, and what must be said of it."""
