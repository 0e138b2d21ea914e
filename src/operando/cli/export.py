"""``operando export``: a file of record for programs that do not read NeXus."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from operando.cli.options import Json
from operando.cli.rows import rows_of


class Format(StrEnum):
    """What a file of record can become."""

    BDF = "bdf"
    """Electrochemistry, as Battery Data Format."""
    XYE = "xye"
    """Patterns, for Rietveld programs."""
    XDI = "xdi"
    """Spectra, which no run records yet."""
    FIO = "fio"
    """The numbers of each frame, as the PETRA III beamlines have them."""


MEANT_FOR = {"--frames": Format.XYE, "--mean": Format.XYE, "--institution": Format.BDF, "--channel": Format.BDF}


def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of record.")],
    to: Annotated[Format, typer.Option("--to", help="bdf: electrochemistry. xye: patterns. fio: per-frame numbers.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="By default a folder here, named after FILE and format.")
    ] = None,
    frames: Annotated[
        str, typer.Option(metavar="FIRST:LAST", help="xye: which frames, from 0; LAST not included, or one number.")
    ] = ":",
    mean: Annotated[bool, typer.Option("--mean", help="xye: one file with the mean of the frames.")] = False,
    institution: Annotated[str | None, typer.Option(metavar="CODE", help="bdf: for the name of the file.")] = None,
    channel: Annotated[str, typer.Option(metavar="NAME", help="bdf: another cell than the one in the press.")] = "",
    json: Json = False,
) -> None:
    """Write a file of record in a format for programs that do not read NeXus; FILE is only read."""
    from operando.cli.report import progress, report
    from operando.errors import ConfigurationError, RecordError

    if not file.is_file():
        raise ConfigurationError(f"{file}: no such file; a file of record is wanted")
    given = {"--frames": frames != ":", "--mean": mean, "--institution": institution is not None}
    given["--channel"] = bool(channel)
    strange = [name for name, is_given in given.items() if is_given and to is not MEANT_FOR[name]]
    if strange:
        raise ConfigurationError(f"{', '.join(strange)}: means nothing to {to}; nothing is exported")
    folder = out if out is not None else Path(f"{file.stem}_{to}")
    rows = rows_of(frames)
    match to:
        case Format.BDF:
            from operando.export.bdf import export_bdf

            target, table = export_bdf(file, folder, institution, channel.upper())
            if table.left_out:
                progress(f"{table.left_out} samples of the voltage without a current to be trusted are left out")
            report({"file": str(target), "rows": len(table), "left_out": table.left_out}, json)
        case Format.XYE:
            from operando.export.xye import export_xye

            written = export_xye(file, folder, rows, mean)
            if written.skipped:
                progress(f"{written.skipped} frames hold no pattern and are left out")
            report({"folder": str(folder), "files": len(written.files), "skipped": written.skipped}, json)
        case Format.XDI:
            raise RecordError(f"{file}: xdi is not written yet, no run records spectra; nothing is exported")
        case Format.FIO:
            from operando.export.fio import export_fio

            target, length = export_fio(file, folder)
            report({"file": str(target), "rows": length}, json)
