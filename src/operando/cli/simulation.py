"""What the simulated beamline is handed: plain values out of the configuration."""

import glob
from pathlib import Path

from operando.config import Endstation, load_delithiation
from operando.config.channels import Channel
from operando.errors import ConfigurationError
from operando.sim.setup import ChannelSetup, Setup


def simulation_setup(config: Endstation, root: Path, ca_port: int) -> Setup:
    """Collect the plain values that describe a simulated beamline.

    Raises
    ------
    ConfigurationError
        The endstation is a real one, or its detector has no known geometry.
    """
    from pyFAI import load as load_poni

    if config.simulation is None:
        raise ConfigurationError(f"{config.file}: simulation: missing; this is a real endstation, nothing to simulate")
    wanted = config.simulation
    table = load_delithiation(config.beside(wanted.delithiation))
    frames = tuple(Path(name) for name in sorted(glob.glob(wanted.frames))) if wanted.frames else ()
    if wanted.frames and not frames:
        raise ConfigurationError(f"{config.file}: [simulation] frames = {wanted.frames!r}: matches no file")
    geometry = load_poni(str(config.beside(wanted.poni or config.integration.poni)))
    detector = geometry.detector
    return Setup(
        root=root,
        prefix=config.prefix,
        ca_port=ca_port,
        speed=wanted.speed,
        seed=wanted.seed,
        electrode_diameter=config.cell.electrode_diameter_mm,
        nominal_capacity=config.cell.nominal_capacity_mAh,
        counter_electrode_potential=config.cell.counter_electrode_potential_V,
        charge=tuple(table.charge_mAh_per_g),
        a=tuple(table.a_A),
        c=tuple(table.c_A),
        initial_pressure=wanted.initial_pressure_MPa,
        initial_temperature=wanted.initial_temperature_C,
        detector_prefix=config.detector.prefix,
        stage_x=config.stage.x,
        stage_y=config.stage.y,
        stage_z=config.stage.z,
        ring_current=config.source.ring_current,
        shutter=config.source.shutter,
        shape=_shape(detector, frames),
        pixel=float(detector.pixel1),
        distance=float(geometry.dist),
        poni1=float(geometry.poni1),
        poni2=float(geometry.poni2),
        rot1=float(geometry.rot1),
        rot2=float(geometry.rot2),
        rot3=float(geometry.rot3),
        wavelength=float(geometry.wavelength),
        frames=frames,
        detector_family=config.detector.family,
        transmission=wanted.transmission,
        flicker=wanted.flicker,
        dark_rate=wanted.dark_counts_per_s,
        hot_pixels=wanted.hot_pixels,
        dead_pixels=wanted.dead_pixels,
        material=wanted.material,
        active_mass=_grams(config.cell.active_mass_mg),
        potentiostat=config.potentiostat.driver,
        channels=tuple(_channel(channel) for channel in config.channels),
        sample=wanted.sample,
        sample_x=wanted.sample_x_mm,
    )


def _channel(channel: Channel) -> ChannelSetup:
    return ChannelSetup(
        name=channel.name,
        electrode_diameter=channel.cell.electrode_diameter_mm,
        nominal_capacity=channel.cell.nominal_capacity_mAh,
        counter_electrode_potential=channel.cell.counter_electrode_potential_V,
        potentiostat=channel.potentiostat.driver,
        material=channel.simulation.material,
        active_mass=_grams(channel.cell.active_mass_mg),
    )


def _grams(milligrams: float | None) -> float | None:
    return None if milligrams is None else milligrams / 1000.0


def _shape(detector: object, frames: tuple[Path, ...]) -> tuple[int, int]:
    if frames:
        import fabio

        rows, columns = fabio.open(str(frames[0])).data.shape
    else:
        shape = getattr(detector, "max_shape", None)
        if not shape:
            raise ConfigurationError("[integration] poni: names no detector shape (max_shape); the simulator needs one")
        rows, columns = shape
    return int(rows), int(columns)
