"""Tables of the beam side: beam, detector, stage, source, integration, lattice."""

from typing import Annotated, Literal

from pydantic import Field

from operando.config._model import Day, Positive, Table


class Detector(Table):
    """``[detector]``: an areaDetector with its cam and HDF1 plugins."""

    prefix: str
    frames_per_file: Annotated[int, Field(ge=1, le=100)] = 100
    timestamp_uncertainty_s: Positive = 0.01
    model: str | None = None
    serial_number: str | None = None
    sensor_material: str | None = None
    sensor_thickness_um: Positive | None = None
    threshold_energy_keV: Positive | None = None
    family: Literal["simulated", "pilatus", "eiger", "perkin_elmer"] = "simulated"
    """What its driver is told, and its pixels can hold: `operando.devices.detector_family`, `operando.vocabulary`."""
    monitor_attribute: str | None = None
    """NDAttribute of each frame: counts of the beam before the cell, during the exposure."""
    diode_attribute: str | None = None
    """The same behind the cell."""
    ring_current_attribute: str | None = None
    """mA."""


class Beam(Table):
    """``[beam]``: the beam at the sample; sizes are full widths at half maximum."""

    energy_keV: Positive | None = None
    energy_width_eV: Positive | None = None
    flux_per_s: Positive | None = None
    """Photons per second in the whole beam."""
    flux_measured_on: Day | None = None
    horizontal_size_um: Positive | None = None
    vertical_size_um: Positive | None = None


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
    blank: str | None = None
    """What `operando blank` made of a run with the empty cell; scaled and taken off each pattern, beside it."""
    parasitic_materials: str | None = None
    """Of one's own, in place of those that come with the package."""
    calibrant: str | None = None
    calibrated_on: Day | None = None
    calibrated_by: str | None = None


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
    material: Literal["NMC811", "LCO"] = "NMC811"
    """Of the simulated positive electrode."""
    transmission: Annotated[float, Field(gt=0, le=1)] = 0.35
    """The share of the beam that passes through the sample, as the diode behind it sees."""
    flicker: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Relative standard deviation of the beam from one exposure to the next."""
    dark_counts_per_s: Annotated[float, Field(ge=0)] = 0.0
    """Of each pixel, without light."""
    hot_pixels: Annotated[int, Field(ge=0)] = 0
    dead_pixels: Annotated[int, Field(ge=0)] = 0
    frames: str | None = None
    sample: Literal["cell", "empty", "CeO2", "LaB6", "Si"] = "cell"
    """What stands in the beam: the cell, that cell without its stack, or a calibrant in its place."""
    sample_x_mm: float | None = None
    """Where stage X brings that calibrant into the beam; by default it stands in place of the cell."""
    poni: str | None = None
    """Where the detector truly stands, relative to the configuration; by default where ``[integration] poni`` says."""
