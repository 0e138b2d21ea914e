"""``operando calibrate``: the geometry out of a frame of a calibrant, or whether it still fits."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from operando.cli.options import Json

if TYPE_CHECKING:
    from operando.recorder.calibrating import Order
    from operando.recorder.exposed import Exposed

TABLE = "{hkl:>9} {d_A:>9} {two_theta_deg:>9} {points:>7} {offset_px:>10} {spacing_error_ppm:>9} {spread_px:>10}"
HEAD = {"hkl": "ring", "d_A": "d/A", "two_theta_deg": "2theta/°", "points": "points", "offset_px": "offset/px"}
HEAD |= {"spacing_error_ppm": "d/ppm", "spread_px": "spread/px"}


def calibrate(
    frames: Annotated[
        Path, typer.Argument(metavar="RUN_OR_FRAME", help="A file of record, a journal, or an image of a calibrant.")
    ],
    calibrant: Annotated[
        str, typer.Option(metavar="NAME", help="CeO2, LaB6, Si or another of pyFAI's; a run may say it itself.")
    ] = "",
    start: Annotated[
        Path | None, typer.Option("--from", metavar="START.poni", help="Roughly right; by default that of the run.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="NEW.poni", help="A new PONI file.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Does the geometry to start from still fit? Else exit 1.")] = (
        False
    ),
    mask: Annotated[Path | None, typer.Option("--mask", metavar="FILE", help="Image or HDF5, 0 = valid.")] = None,
    fix: Annotated[
        list[str], typer.Option(metavar="NAME", help="distance, poni1, poni2, rot1 or rot2 is not fitted.")
    ] = [],  # noqa: B006 (typer's way to say: none)
    free_wavelength: Annotated[bool, typer.Option("--free-wavelength", help="Fit the wavelength, too.")] = False,
    orientation: Annotated[int, typer.Option(metavar="1…4", help="Of the detector, where nothing else says.")] = 0,
    centre_limit: Annotated[float, typer.Option(metavar="PIXELS", help="--check: of the beam centre.")] = 0.5,
    distance_limit: Annotated[float, typer.Option(metavar="PPM", help="--check: of the distance.")] = 200.0,
    tilt_limit: Annotated[float, typer.Option(metavar="MRAD", help="--check: of the direction.")] = 1.0,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who calibrates; by default the user's name.")] = "",
    json: Json = False,
) -> None:
    """Fit the geometry of a frame of a calibrant and write a PONI file, or check the one there is."""
    from operando.analysis.poni_text import poni_text
    from operando.cli.report import report
    from operando.errors import ConfigurationError
    from operando.recorder.calibrating import Limits, carry_out, facts, remarks
    from operando.recorder.exposed import exposed

    if output is not None and output.exists():
        raise ConfigurationError(f"{output}: exists already and is left as it is; name another file")
    if output is not None and not output.absolute().parent.is_dir():
        raise ConfigurationError(f"{output}: its folder does not exist; nothing is calibrated")
    if output is not None and check:
        raise ConfigurationError("--check and --output: a check writes no PONI; leave one of them out")
    order = _order(exposed(frames), calibrant, start, mask, orientation)
    done = carry_out(_fixing(order, fix, free_wavelength, by))
    found = facts(done)
    if output is not None:
        _write(output, poni_text(done.calibration.geometry, list(remarks(done))))
        found["poni"] = str(output)
    beyond = Limits(centre_limit, distance_limit * 1e-6, tilt_limit * 1e-3).beyond(done.moved) if check else []
    if check:
        found |= {"fits": not beyond, "beyond": beyond}
    if json:
        report(found, json)
    else:
        _show(found)
    if beyond:
        raise typer.Exit(1)


def _order(source: "Exposed", calibrant: str, start: Path | None, mask: Path | None, orientation: int) -> "Order":
    from dataclasses import replace

    from operando.errors import ConfigurationError
    from operando.recorder.calibrating import Order, orientation_of, recipe_of

    chosen = calibrant or str(source.told("calibrant") or "")
    if not chosen:
        raise ConfigurationError(f"{source.path}: does not say which calibrant it shows; name it with --calibrant")
    if start is not None:
        text, name = _text(start), str(start)
    else:
        text, name = str(source.told("operando", "poni") or ""), f"run {source.told('uid')}"
    if not text:
        raise ConfigurationError(f"{source.path}: has no geometry of its own; name one to start from with --from")
    recipe = recipe_of(source)
    recipe = replace(recipe, orientation=orientation or orientation_of(text, recipe), mask=mask or recipe.mask)
    return Order(source, text, name, chosen, recipe)


def _fixing(order: "Order", fix: list[str], free_wavelength: bool, by: str) -> "Order":
    from dataclasses import replace

    return replace(
        order, fixed=frozenset(fix) | (frozenset() if free_wavelength else frozenset({"wavelength"})), who=by
    )


def _text(path: Path) -> str:
    from operando.errors import ConfigurationError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}; a PONI file is wanted") from error


def _write(path: Path, text: str) -> None:
    """Write a new file; one that came meanwhile is left as it is."""
    from operando.errors import RecordError

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}; the calibration is lost") from error


def _show(found: dict[str, Any]) -> None:
    """Print what was found: ring by ring, then the whole."""
    from operando.cli.report import report

    typer.echo(TABLE.format(**HEAD))
    for ring in found["rings"]:
        typer.echo(
            TABLE.format(
                hkl=ring["hkl"],
                d_A=f"{ring['d_A']:.5f}",
                two_theta_deg=f"{ring['two_theta_deg']:.4f}",
                points=ring["points"],
                offset_px=f"{ring['offset_px']:+.3f}",
                spacing_error_ppm=f"{ring['spacing_error_ppm']:+.0f}",
                spread_px=f"{ring['spread_px']:.3f}",
            )
        )
    typer.echo("")
    report({name: value for name, value in found.items() if name not in ("rings", "beyond", "doubts")}, False)
    for line in found["doubts"]:
        typer.echo(f"doubtful: {line}")
    for line in found.get("beyond", ()):
        typer.echo(f"no longer fits: {line}")
