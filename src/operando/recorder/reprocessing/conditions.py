"""Where the conditions of a run are joined from when it is reduced again."""

from pathlib import Path

import h5py

from operando.errors import RecordError
from operando.history import EnvironmentHistory
from operando.recorder.reprocessing.original import Original
from operando.recorder.reprocessing.recorded_log import RecordedLog

FROM_LOG = "joined anew from the environment log"
FROM_FILE = "joined anew from the log that the file itself holds; the environment log was not there"
TAKEN_OVER = "taken over from the recorded entry: no environment log of this run and no log in the file was there"


def find_log(original: Original) -> Path | None:
    """Return the environment log of the state root that a file lies under; None where there is none."""
    for folder in original.path.resolve().parents:
        if any((folder / "environment").glob("*.sqlite")):
            return folder / "environment"
    return None


def open_conditions(
    original: Original, file: h5py.File, folder: Path | None, demanded: bool
) -> tuple[EnvironmentHistory, str]:
    """Return the environment log, or what stands in for it, and words about which it is.

    Parameters
    ----------
    file : h5py.File
        The file of record, open as long as the log is used.
    folder : Path or None
        Of the environment log.
    demanded : bool
        Whether nothing else will do.

    Raises
    ------
    RecordError
        The log that was demanded does not hold the run.
    """
    recorded = RecordedLog(file, original.run.start_ns)
    if folder is not None:
        history = EnvironmentHistory(folder)
        comparable = len(recorded) > 0  # else it may be another endstation's, unless somebody named it
        if (comparable or demanded) and _holds(history, recorded, original):
            return history, FROM_LOG
        history.close()
        if demanded:
            raise RecordError(
                f"{folder}: does not hold every sample of the run that {original.path.name} has; "
                "without --root the log in the file is taken; nothing was changed"
            )
    return recorded, FROM_FILE if len(recorded) else TAKEN_OVER


def _holds(history: EnvironmentHistory, recorded: RecordedLog, original: Original) -> bool:
    """Return whether a log has the first and the last sample of each quantity that the file has."""
    for quantity in recorded.quantities():
        first_ns, newest = recorded.first_ns(quantity), recorded.last(quantity)
        for time_ns in (first_ns, newest.time_ns if newest else None):
            if time_ns is None or not len(history.samples(quantity, time_ns, time_ns)):
                return False
    return len(recorded) > 0 or history.committed_ns() >= original.end_ns
