"""What is said about frames in documents: one stream resource a file, one stream datum a frame."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from event_model import compose_stream_resource

DATASET = "/entry/data/data"
"""Where areaDetector's HDF5 plugin puts frames in its default layout (ADCore, NDFileHDF5)."""

AssetDocument = tuple[str, dict[str, Any]]


class FrameDocuments:
    """Announces frames, each once it is in its file.

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
        self._waiting: list[tuple[str, int]] = []
        self.frames = 0
        """Announced or waiting to be."""

    def add(self, file: str, index: int) -> None:
        """Remember a frame that was written, with its index in its file."""
        self._waiting.append((file, index))
        self.frames += 1

    def forget(self) -> None:
        """Leave out what was not announced: the plan went back and takes that frame again."""
        self._waiting.clear()

    def announce(self) -> Iterator[AssetDocument]:
        """Yield the documents of frames that were not announced yet."""
        waiting, self._waiting = self._waiting, []
        for file, index in waiting:
            if file != self._file:
                yield "stream_resource", self._open(file)
            yield "stream_datum", self._compose_datum(indices={"start": index, "stop": index + 1})

    def _open(self, file: str) -> dict[str, Any]:
        resource, compose_datum = compose_stream_resource(
            mimetype="application/x-hdf5",
            uri=f"file://localhost{quote(file)}",
            data_key=self._data_key,
            parameters={"dataset": DATASET, "swmr": True, "chunk_shape": [1, *self._shape]},
        )
        self._file, self._compose_datum = file, compose_datum
        return dict(resource)
