"""What the simulated beamline is told: plain values, read from the configuration by the command line."""

from dataclasses import dataclass, field
from pathlib import Path

from operando.sim.cell.imperfections import Imperfections


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSetup:
    """A further cell with a potentiostat of its own, beside the rig: neither pressed nor heated by it.

    Parameters
    ----------
    name : str
        ``B``; its line is linked as ``potentiostat_b``.
    electrode_diameter : float
        mm.
    nominal_capacity : float
        mA h.
    counter_electrode_potential : float
        V vs Li/Li+.
    potentiostat : str
        ``emstat4`` or ``keithley2400``.
    material : str
        Of the positive electrode: a key of `operando.sim.cell.material.MATERIALS`.
    active_mass : float or None
        g; None is the nominal capacity over that of the material.
    """

    name: str
    electrode_diameter: float
    nominal_capacity: float
    counter_electrode_potential: float
    potentiostat: str = "emstat4"
    material: str = "NMC811"
    active_mass: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A simulated beamline as plain values.

    Parameters
    ----------
    root : Path
        State root of the endstation; the serial lines are linked in ``root/sim``.
    prefix : str
        Of the simulated records, with its colon: ``SIM:``.
    ca_port : int
        Loopback port of the simulated IOCs.
    speed : float
        Divides the resistance and the diffusion time constants of the cell, so that ``speed`` times the current looks
        the same in ``speed``-th of the time; every other constant stays at life speed.
    seed : int
        Of every random number.
    electrode_diameter : float
        mm.
    nominal_capacity : float
        mA h.
    counter_electrode_potential : float
        V vs Li/Li+.
    charge : tuple of float
        mA h/g, abscissa of ``a`` and ``c``.
    a, c : tuple of float
        Å, lattice parameters of the active material at ``charge``.
    initial_pressure : float
        MPa on the nominal area at the load cell, that the preload screw was turned to with the piezo at its initial
        drive.
    initial_temperature : float
        °C, of the heater in equilibrium.
    detector_prefix : str
        Of the area detector's records: ``SIM:DET:``.
    stage_x, stage_y, stage_z : str
        Names of the motor records.
    ring_current : str
        Name of the ring-current record.
    shutter : str
        Prefix of the shutter's records.
    shape : tuple of int
        Rows and columns of the detector.
    pixel, distance, poni1, poni2 : float
        m; the words are pyFAI's.
    rot1, rot2, rot3 : float
        rad.
    wavelength : float
        m.
    frames : tuple of Path
        Real detector images to serve, in turn, in place of simulated ones.
    imperfections : Imperfections
        What makes the true stack pressure differ from the one that the load cell tells.
    material : str
        Of the positive electrode: a name in `operando.sim.cell.material.MATERIALS`.
    active_mass : float or None
        g; None is the nominal capacity over that of the material.
    potentiostat : str
        ``emstat4`` or ``keithley2400``.
    channels : tuple of ChannelSetup
        Further cells.
    detector_family : str
        Whose areaDetector driver the detector has: a name in `operando.sim.iocs.camera_family.CAMERAS`.
    transmission : float
        The share of the beam that passes through the sample.
    flicker : float
        Relative standard deviation of the beam's intensity from one exposure to the next.
    dark_rate : float
        Counts per second and pixel without light.
    hot_pixels, dead_pixels : int
        Pixels that count by themselves, and that never count; none of them is marked.
    sample : str
        What stands in the beam: ``cell``, ``empty`` (that cell without its stack), or a calibrant, a name in
        `operando.sim.iocs.calibrant.CALIBRANTS`.
    sample_x : float or None
        mm, where stage X brings that calibrant into the beam; None is the calibrant in place of the cell.
    """

    root: Path
    prefix: str
    ca_port: int
    speed: float
    seed: int
    electrode_diameter: float
    nominal_capacity: float
    counter_electrode_potential: float
    charge: tuple[float, ...]
    a: tuple[float, ...]
    c: tuple[float, ...]
    initial_pressure: float
    initial_temperature: float
    detector_prefix: str
    stage_x: str
    stage_y: str
    stage_z: str
    ring_current: str
    shutter: str
    shape: tuple[int, int]
    pixel: float
    distance: float
    poni1: float
    poni2: float
    rot1: float
    rot2: float
    rot3: float
    wavelength: float
    frames: tuple[Path, ...] = ()
    imperfections: Imperfections = field(default_factory=Imperfections)
    material: str = "NMC811"
    active_mass: float | None = None
    potentiostat: str = "emstat4"
    channels: tuple[ChannelSetup, ...] = ()
    detector_family: str = "simulated"
    transmission: float = 0.35
    flicker: float = 0.0
    dark_rate: float = 0.0
    hot_pixels: int = 0
    dead_pixels: int = 0
    sample: str = "cell"
    sample_x: float | None = None
