"""What stands beside each frame as FIO, the text that PETRA III users plot; patterns stay where they are."""

from pathlib import Path

from operando.errors import RecordError
from operando.export.record import opened
from operando.recorder.pattern_entry import pattern_entries
from operando.recorder.profiles.fio import write_fio


def export_fio(path: Path, folder: Path) -> tuple[Path, int]:
    """Write the per-frame quantities into a folder; return the file, and how many frames it has.

    Raises
    ------
    RecordError
        The file holds no frames, the text exists already, or the folder does not take it.
    """
    with opened(path) as file:
        if next(pattern_entries(file), None) is None:
            raise RecordError(f"{path}: no frames in it; nothing is exported as fio")
    target = folder / f"{path.stem}.fio"
    if target.exists():
        raise RecordError(f"{target}: exists already and is left as it is; name another folder with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return target, write_fio(path, target)
    except (OSError, KeyError, RuntimeError) as error:
        raise RecordError(f"{target}: cannot be written: {error}; nothing is exported") from error
