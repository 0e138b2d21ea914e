"""Tables of the beam side: detector, stage, source, integration, lattice."""

from typing import Annotated

from pydantic import Field

from operando.config._model import Table

Positive = Annotated[float, Field(gt=0)]


class Detector(Table):
    """``[detector]``: an areaDetector with its cam and HDF1 plugins."""

    prefix: str
    frames_per_file: Annotated[int, Field(ge=1, le=100)] = 100
    timestamp_uncertainty_s: Positive = 0.01


class Stage(Table):
    """``[stage]``: the motor records that carry the cell."""

    x: str
    y: str
    z: str


class Source(Table):
    """``[source]``: ring current, shutter, and what the beam is."""

    name: str
    kind: str = "Synchrotron X-ray Source"
    ring_current: str
    shutter: str


class Integration(Table):
    """``[integration]``: geometry and recipe, as files relative to the configuration."""

    poni: str
    recipe: str


class Lattice(Table):
    """``[lattice]``: the material whose lattice parameters are fitted on each pattern."""

    material: str


class Simulation(Table):
    """``[simulation]``: what the simulated beamline is; a real endstation has no such table."""

    speed: Annotated[float, Field(ge=1, le=250)] = 1.0
    seed: int = 1
    delithiation: str
    initial_pressure_MPa: Positive = 84.0
    initial_temperature_C: float = 25.0
    frames: str | None = None
