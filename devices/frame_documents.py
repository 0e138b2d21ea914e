"""What is said about frames in documents: a stream resource a file, a stream datum for what is new in it."""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from event_model import compose_stream_resource

DATASET = "/entry/data/data"
"""Where areaDetector's HDF5 plugin puts frames in its default layout (ADCore, NDFileHDF5)."""

AssetDocument = tuple[str, dict[str, Any]]


@dataclass(slots=True)
class _Batch:
    """Frames that follow one another in a file."""

    file: str
    start: int
    stop: int


class FrameDocuments:
    """Announces frames, each once it is in its file; one thread may add while another announces.

    Parameters
    ----------
    data_key : str
        Of the frames.
    shape : tuple of int
        Rows and columns.
    """

    def __init__(self, data_key: str, shape: tuple[int, int]) -> None:
        self._data_key = data_key
        self._shape = shape
        self._file = ""
        self._compose_datum: Any = None
        self._lock = threading.Lock()
        self._batches: deque[_Batch] = deque()
        self._announced = 0
        self._forgotten = 0

    @property
    def frames(self) -> int:
        """How many were added."""
        with self._lock:
            return self._announced + self._forgotten + self._waiting()

    @property
    def waiting(self) -> int:
        """Frames that wait to be announced."""
        with self._lock:
            return self._waiting()

    @property
    def batches(self) -> int:
        """How often `announce` must be asked until none waits."""
        return len(self._batches)

    def add(self, file: str, index: int) -> None:
        """Remember a frame that was written, with its index in its file."""
        with self._lock:
            last = self._batches[-1] if self._batches else None
            if last is not None and (last.file, last.stop) == (file, index):
                last.stop += 1
            else:
                self._batches.append(_Batch(file, index, index + 1))

    def forget(self) -> None:
        """Leave out what was not announced: the plan went back and takes that frame again."""
        with self._lock:
            self._forgotten += self._waiting()
            self._batches.clear()

    def announce(self, upto: int | None = None) -> Iterator[AssetDocument]:
        """Yield the documents of frames of one file that were not announced yet.

        bluesky 1.15 gives each stream datum of one ``collect`` the same sequence numbers, and wants them equally
        wide; so there is one.

        Parameters
        ----------
        upto : int, optional
            Announce no more than so many frames altogether.
        """
        batch = self._take(upto)
        if batch is None:
            return
        if batch.file != self._file:
            yield "stream_resource", self._open(batch.file)
        yield "stream_datum", self._compose_datum(indices={"start": batch.start, "stop": batch.stop})

    def _take(self, upto: int | None) -> _Batch | None:
        with self._lock:
            most = self._waiting() if upto is None else upto - self._announced - self._forgotten
            if most <= 0 or not self._batches:
                return None
            first = self._batches[0]
            batch = _Batch(first.file, first.start, min(first.stop, first.start + most))
            first.start = batch.stop
            if first.start == first.stop:
                self._batches.popleft()
            self._announced += batch.stop - batch.start
            return batch

    def _waiting(self) -> int:
        return sum(batch.stop - batch.start for batch in self._batches)

    def _open(self, file: str) -> dict[str, Any]:
        resource, compose_datum = compose_stream_resource(
            mimetype="application/x-hdf5",
            uri=f"file://localhost{quote(file)}",
            data_key=self._data_key,
            parameters={"dataset": DATASET, "swmr": True, "chunk_shape": [1, *self._shape]},
        )
        self._file, self._compose_datum = file, compose_datum
        return dict(resource)
