"""``operando integrate``: the recorder's integration, offline."""

from pathlib import Path
from typing import Annotated

import typer

from operando.cli.options import Json


def integrate(
    frames: Annotated[list[Path], typer.Argument(metavar="FRAMES…", help="TIFF, CBF, EDF or HDF5 images.")],
    poni: Annotated[Path, typer.Option("--poni", metavar="FILE", help="Geometry, as pyFAI writes it.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT.nxs", help="A new NeXus file.")],
    recipe: Annotated[
        Path | None, typer.Option("--recipe", metavar="FILE", help="TOML; by default the standard one, in q.")
    ] = None,
    mask: Annotated[Path | None, typer.Option("--mask", metavar="FILE", help="Image, 0 = valid.")] = None,
    json: Json = False,
) -> None:
    """Integrate detector images into a NeXus file (NXazint1d), as the recorder does."""
    from dataclasses import replace
    from importlib.resources import as_file, files

    from operando.cli.report import report
    from operando.config import load_parasitic, load_recipe
    from operando.errors import ConfigurationError
    from operando.recorder.offline import integrate_files

    for path in (*frames, poni, *([mask] if mask else [])):
        if not path.is_file():
            raise ConfigurationError(f"{path}: no such file")
    if output.exists():
        raise ConfigurationError(f"{output}: exists already and is left as it is; name another file")
    with as_file(files("operando.configs") / "recipes" / "standard.toml") as standard:
        chosen = load_recipe(recipe or standard)
    chosen, around = replace(chosen, mask=mask or chosen.mask), load_parasitic(chosen.parasitic)
    done = integrate_files(frames, poni.read_text(encoding="utf-8"), chosen, output, around)
    report({"file": str(done.file), "frames": done.frames, "bins": done.bins, "unit": chosen.unit}, json)
