"""A recorded run told again in documents, and reduced by the recorder's own stages.

A file of record names every frame of its run and where it lies. So its journal, which stays at the beamline, is not
needed.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

from operando.history import EnvironmentHistory
from operando.recorder.instants import NS
from operando.recorder.patience import REPLAY, CommittedTime
from operando.recorder.recording import Recording
from operando.recorder.reprocessing.original import Original
from operando.recorder.run import FRAMES, Run

DEVICE = "detector"
IDLE_S = 0.05
"""s to wait at most for a frame to come back."""
Document = tuple[str, Mapping[str, Any]]
Progress = Callable[[int, int], None]
"""Takes the number of frames that have a row, and of all."""


def replay(
    original: Original,
    run: Run,
    folder: Path,
    history: EnvironmentHistory,
    executor: Executor | None = None,
    progress: Progress = lambda done, total: None,
) -> Path:
    """Write a file of record of a run below an empty folder, and return it.

    Parameters
    ----------
    original : Original
        Which frames there are.
    run : Run
        Geometry, recipe and configuration that hold now.
    history : EnvironmentHistory
        What the conditions are joined from.
    executor : Executor, optional
        Where frames are read and integrated; by default here and now.
    progress : callable
        Takes frames done, and all of them.

    Raises
    ------
    RecordError, AnalysisError
        It cannot be made.
    """
    committed = CommittedTime(history, REPLAY.log)
    arrived = threading.Event()
    recording = Recording(
        run, folder, history, committed, REPLAY.frame, elsewhere=True, executor=executor, arrived=arrived
    )
    documents, total = documents_of(original), len(original.rows)
    try:
        while not recording.finished:
            while recording.hungry and (item := next(documents, None)):
                recording.accept(*item)
            committed.poll()
            if not recording.step():
                arrived.wait(IDLE_S)
                arrived.clear()
            progress(recording.length, total)
    finally:
        recording.close()
    return recording.path


def documents_of(original: Original) -> Iterator[Document]:
    """Yield documents that promise the frames of a file in the order of its rows, behind the start document."""
    rows, start_ns = original.rows, original.run.start_ns
    acquire = _known(rows.acquire_ns)
    descriptors: dict[int, str] = {}
    named: set[int] = set()
    for first, last in _stretches(original, acquire):
        number, length = int(rows.raw_file[first]), int(acquire[first])
        if length not in descriptors:
            descriptors[length] = f"descriptor-{len(descriptors)}"
            yield "descriptor", _descriptor(descriptors[length], original.shape, length)
        if number not in named:
            named.add(number)
            yield "stream_resource", _resource(original, number)
        eventful = (rows.acquire_ns == 0) & rows.timed  # what stands in for its time is its event; a flight has none
        for row in np.flatnonzero(eventful[first:last]) + first:
            event_ns = start_ns + int(rows.time_ns[row]) + length // 2
            yield (
                "event",
                {"descriptor": descriptors[length], "seq_num": int(row) + 1, "time": event_ns / NS, "data": {}},
            )
        index = int(rows.raw_index[first])
        yield (
            "stream_datum",
            {
                "descriptor": descriptors[length],
                "stream_resource": original.stores[number].uid,
                "indices": {"start": index, "stop": index + last - first},
                "seq_nums": {"start": first + 1, "stop": last + 1},
            },
        )
    yield "stop", {"time": original.end_ns / NS, "exit_status": original.end_reason, "reason": ""}


def _known(acquire_ns: Any) -> Any:
    """Return lengths of exposures where one that is not known is that of the frame before it, or of the first known."""
    known = np.flatnonzero(acquire_ns)
    if not known.size:
        return acquire_ns
    last = np.maximum.accumulate(np.where(acquire_ns > 0, np.arange(len(acquire_ns)), known[0]))
    return acquire_ns[last]


def _stretches(original: Original, acquire_ns: Any) -> Iterator[tuple[int, int]]:
    """Yield first row, last row + 1 of frames that follow each other in one file, of one exposure time."""
    rows = original.rows
    follows = (np.diff(rows.raw_file) == 0) & (np.diff(rows.raw_index) == 1) & (np.diff(acquire_ns) == 0)
    breaks = np.flatnonzero(~follows) + 1
    for first, last in zip([0, *breaks], [*breaks, len(rows)], strict=True):
        if last > first:
            yield int(first), int(last)


def _descriptor(uid: str, shape: tuple[int, int], acquire_ns: int) -> Mapping[str, Any]:
    data = {f"{DEVICE}_acquire_time": acquire_ns / NS} if acquire_ns else {}
    return {
        "uid": uid,
        "name": FRAMES,
        "data_keys": {f"{DEVICE}_image": {"external": "STREAM:", "shape": [1, *shape]}},
        "object_keys": {DEVICE: [f"{DEVICE}_image"]},
        "configuration": {DEVICE: {"data": data}},
    }


def _resource(original: Original, number: int) -> Mapping[str, Any]:
    store = original.stores[number]
    return {
        "uid": store.uid,
        "uri": store.path.as_uri(),
        "parameters": {"dataset": store.dataset, "swmr": store.swmr},
    }
