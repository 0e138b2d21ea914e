"""Cell programmes of tests, as tables of a configuration."""

from typing import Any


def one_cycle(charge: float, discharge: float | None = None, **keys: Any) -> dict[str, Any]:
    """Return one charge to 4.3 V and one discharge to 2.8 V vs Li/Li+.

    Parameters
    ----------
    charge, discharge : float
        A, without its sign; the same without a word.
    """
    return {
        "name": "one cycle",
        "step_time_limit_s": 36000.0,
        "sample_interval_s": 0.2,
        **keys,
        "steps": [
            {
                "kind": "loop",
                "passes": 1,
                "steps": [
                    {
                        "kind": "constant_current",
                        "name": "charge",
                        "current_A": charge,
                        "until_voltage_above": {"value_V": 4.3, "scale": "Li/Li+"},
                    },
                    {
                        "kind": "constant_current",
                        "name": "discharge",
                        "current_A": -(discharge or charge),
                        "until_voltage_below": {"value_V": 2.8, "scale": "Li/Li+"},
                    },
                ],
            }
        ],
    }
