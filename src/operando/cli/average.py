"""``operando average``: darks, flat fields and bad pixels out of the frames of a run."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from operando.cli.options import Json


class Kind(StrEnum):
    """What frames can be of."""

    DARK = "dark"
    FLAT = "flat"


def average(
    frames: Annotated[
        Path, typer.Argument(metavar="RUN_OR_FRAMES", help="A file of record, a journal, or an image file.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="NEW.h5", help="A new file.")],
    kind: Annotated[
        Kind | None, typer.Option("--as", help="Of what the frames are; a run of take_darks or take_flat says it.")
    ] = None,
    dark: Annotated[
        Path | None, typer.Option("--dark", metavar="FILE", help="flat: a dark of the same exposure, to subtract.")
    ] = None,
    poni: Annotated[
        Path | None, typer.Option("--poni", metavar="FILE", help="flat: the light comes from the sample of this.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option("--mask", metavar="FILE", help="Masked as well: a beam stop, or a dark's bad pixels.")
    ] = None,
    exposure: Annotated[float | None, typer.Option(metavar="SECONDS", help="Where the frames do not say it.")] = None,
    limit: Annotated[float, typer.Option(metavar="SIGMA", help="dark: a pixel this far from the others is bad.")] = 6.0,
    low: Annotated[float, typer.Option(metavar="SHARE", help="flat: a pixel that responds less is bad.")] = 0.5,
    high: Annotated[float, typer.Option(metavar="SHARE", help="flat: a pixel that responds more is bad.")] = 1.5,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who does this; by default the user's name.")] = "",
    json: Json = False,
) -> None:
    """Average frames into a dark or a flat field, with a mask of bad pixels, as a recipe takes them."""
    from operando.cli.report import report
    from operando.errors import ConfigurationError
    from operando.recorder.correcting import Order, make_corrections
    from operando.recorder.exposed import exposed

    for path in (dark, poni, mask):
        if path is not None and not path.is_file():
            raise ConfigurationError(f"{path}: no such file")
    if not low < high:
        raise ConfigurationError(f"--low {low:g} --high {high:g}: the lower bound first, relative to the median")
    text = poni.read_text(encoding="utf-8") if poni is not None else ""
    order = Order(exposed(frames), kind.value if kind else "", dark, text, exposure, limit, (low, high), by, mask)
    report(make_corrections(order, output), json)
