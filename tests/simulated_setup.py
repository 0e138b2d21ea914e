"""What the simulated beamline of a test is made of: the 10 mm, 1 mA h/cm² cell of the demonstration."""

from pathlib import Path
from typing import Any

from operando.sim.setup import Setup


def simulated_setup(root: Path, **changes: Any) -> Setup:
    """Return a setup with a small detector, so that frames take no time, and no port of its own."""
    values: dict[str, Any] = {
        "root": root, "prefix": "SIM:", "ca_port": 0, "speed": 1.0, "seed": 1,
        "electrode_diameter": 10.0, "nominal_capacity": 0.7854, "counter_electrode_potential": 0.62,
        "charge": (0.0, 100.0, 200.0), "a": (2.87, 2.84, 2.82), "c": (14.19, 14.34, 14.44),
        "initial_pressure": 84.0, "initial_temperature": 25.0, "detector_prefix": "SIM:DET:",
        "stage_x": "SIM:STAGE:X", "stage_y": "SIM:STAGE:Y", "stage_z": "SIM:STAGE:Z",
        "ring_current": "SIM:RING:CURRENT", "shutter": "SIM:SHUTTER:",
        "shape": (40, 60), "pixel": 172e-6, "distance": 0.5, "poni1": 0.004, "poni2": 0.003,
        "rot1": 0.0, "rot2": 0.0, "rot3": 0.0, "wavelength": 2.0664e-11,
    }  # fmt: skip
    return Setup(**(values | changes))
