"""The configuration that a demo runs on: the simulated endstation, its current times the speed."""

import shutil
from pathlib import Path
from typing import Any

import tomlkit

SAMPLE_INTERVAL = 0.2
"""s; at 250 times the current a voltage limit is passed 250 times faster."""
OF_THE_SIMULATED_BEAM = {
    "detector": ("model", "serial_number", "sensor_material", "sensor_thickness_um"),
    "integration": ("calibrant", "calibrated_on", "calibrated_by"),
}
"""Table → keys beside ``[beam]`` that are not true of real images."""


def write_configuration(
    folder: Path,
    speed: float,
    seed: int,
    cycles: int | None,
    frames: str | None,
    poni: Path | None,
    recipe: Path | None,
    programme: Path | None = None,
) -> Path:
    """Copy the shipped simulated endstation into a folder of its own and set what was asked for.

    The services are told the multiplied current and nothing of the speed.

    Parameters
    ----------
    folder : Path
        Made; must not exist.
    speed : float
        Times the current and the cell's kinetics, 1 to 250.
    seed : int
        Of the simulated noise.
    cycles : int or None
        Passes of the outermost loops; None for those of the programme.
    frames : str or None
        Glob pattern of real detector images to serve in place of simulated ones.
    poni, recipe : Path or None
        Geometry and recipe in place of the shipped ones.
    programme : Path or None
        Cell programme in place of the shipped endstation's.

    Returns
    -------
    Path
        The endstation's TOML file.
    """
    import operando.configs
    from operando.config.programme import hastened, load_programme

    shipped = Path(operando.configs.__file__).parent
    for name in ("poni", "recipes", "materials", "programmes"):
        shutil.copytree(shipped / name, folder / name)
    document: Any = tomlkit.parse((shipped / "simulated.toml").read_text(encoding="utf-8"))
    simulation, integration = document["simulation"], document["integration"]
    written = document["programme"].unwrap()
    if programme is not None:
        written = load_programme(programme).model_dump(mode="json", exclude_none=True)
    faster = hastened(written, speed, SAMPLE_INTERVAL)
    for entry in faster["steps"]:
        if entry["kind"] == "loop" and cycles is not None:
            entry["passes"] = cycles
    document["programme"] = faster
    simulation.update({"speed": speed, "seed": seed})
    if frames:
        simulation["frames"] = str(Path(frames).expanduser().absolute())
        del document["lattice"]
    for key, file in (("poni", poni), ("recipe", recipe)):
        if file is not None:
            integration[key] = str(Path(integration[key]).parent / file.name)
            shutil.copy(file, folder / integration[key])
    if frames or poni:
        _forget_the_simulated_beam(document)
    target = folder / "endstation.toml"
    target.write_text(tomlkit.dumps(document), encoding="utf-8")
    return target


def _forget_the_simulated_beam(document: Any) -> None:
    """Take out what is said of the simulated beam and detector: the images come from others."""
    del document["beam"]
    for table, keys in OF_THE_SIMULATED_BEAM.items():
        for key in keys:
            document[table].pop(key, None)
