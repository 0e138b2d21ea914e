"""A text file that is there as a whole, or not at all."""

from collections.abc import Iterable
from pathlib import Path

from operando.errors import RecordError


def write_whole(target: Path, lines: Iterable[str]) -> None:
    """Write a file under a name of its own, and give it its name at the end.

    Parameters
    ----------
    target : Path
        Its folder is made.
    lines : iterable of str
        With their line ends, which stay as they are.

    Raises
    ------
    RecordError
        The folder does not take it.
    """
    unfinished = target.with_name(target.name + ".unfinished")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as out:
                out.writelines(lines)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        words = f"{target}: cannot be written: {error.strerror or error}; files written before it stay"
        raise RecordError(words) from error
