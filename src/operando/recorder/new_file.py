"""A file that is there whole or not at all, in the place of none other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from operando.errors import RecordError


@contextmanager
def new_file(path: Path) -> Iterator[h5py.File]:
    """Give an HDF5 file to fill, which gets its name when it is closed; an interrupted one leaves none.

    Parameters
    ----------
    path : Path
        Not there yet.

    Raises
    ------
    RecordError
        It exists already, or the folder does not take it.
    """
    if path.exists():
        raise RecordError(f"{path}: exists already and is left as it is; name another file")
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        with h5py.File(unfinished, "w") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
