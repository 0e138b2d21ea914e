"""The shipped endstation with a second cell, LCO on a potentiostat of its own, that runs another programme."""

from pathlib import Path

import operando.configs

SHIPPED = Path(operando.configs.__file__).parent
CHANNEL = """
[[channels]]
name = "B"
simulation = { material = "LCO" }

[channels.potentiostat]
driver = "emstat4"
port = "sim/potentiostat_b"
current_limit_A = 0.1

[channels.cell]
name = "LCO | Li6PS5Cl | Li-In"
electrode_diameter_mm = 10.0
nominal_capacity_mAh = 0.5
counter_electrode = "Li-In"
counter_electrode_potential_V = 0.62
active_mass_mg = 3.0
theoretical_capacity_mAh_per_g = 274.0

[channels.programme]
name = "rest and charge"
step_time_limit_s = 36000.0
sample_interval_s = 0.1

[[channels.programme.steps]]
kind = "rest"
name = "before"
until_time_s = 1.0

[[channels.programme.steps]]
kind = "constant_current"
name = "charge"
current_A = 0.02
until_voltage_above = { value_V = 4.3, scale = "Li/Li+" }

"""


def configured(folder: Path, *changes: tuple[str, str], channels: tuple[str, ...] = (CHANNEL,), rows: str = "") -> Path:
    """Write a configuration.

    Parameters
    ----------
    changes : tuple of str
        What stands in it, and what shall stand there.
    channels : tuple of str
        Tables.
    rows : str
        Further interlocks.
    """
    text = (SHIPPED / "simulated.toml").read_text() + rows
    text = text.replace("[detector]\n", f"{''.join(channels)}[detector]\n", 1)
    for was, becomes in changes:
        assert was in text, was
        text = text.replace(was, becomes)
    file = folder / "two_cells.toml"
    file.write_text(text)
    return file
