"""The frames of a run, or of an image file, for those who average them: calibrants, darks, flat fields."""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.errors import RecordError
from operando.journal import read_journal
from operando.recorder.frames import FrameFiles
from operando.recorder.offline import images
from operando.recorder.pattern_entry import pattern_entries
from operando.recorder.raw_links import raw_links
from operando.recorder.run import FrameStore, Stream
from operando.recorder.tree import text_of

Place = tuple[FrameStore, int]
"""A file of frames, and the index of one in it."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exposed:
    """Where frames are, and what is known of their run.

    Parameters
    ----------
    path : Path
        File of record, journal, or image file.
    start : Mapping
        The start document; empty for an image file.
    exposure : float or None
        s, of each frame; None where nothing says.
    places : tuple of Place
        The frames of a run.
    """

    path: Path
    start: Mapping[str, Any] = field(default_factory=dict)
    exposure: float | None = None
    places: tuple[Place, ...] = ()

    @property
    def plan(self) -> str:
        """The plan of the run, or nothing."""
        return str(self.start.get("plan_name", ""))

    def told(self, *keys: str) -> Any:
        """Return a value of the start document, or None."""
        here: Any = self.start
        for key in keys:
            here = here.get(key) if isinstance(here, Mapping) else None
        return here

    def frames(self) -> Iterator[NDArray[Any]]:
        """Yield the frames; of a run, those that cannot be read are left out and logged.

        Raises
        ------
        RecordError
            An image file cannot be read.
        """
        if not self.start:
            yield from images(self.path)
            return
        files = FrameFiles()
        try:
            for store, index in self.places:
                frame = files.read(store, index, abandoned=True)
                if frame.image is None:
                    _logger.warning("%s: left out: %s", self.path, frame.reason)
                else:
                    yield frame.image
        finally:
            files.close()


def exposed(path: Path) -> Exposed:
    """Return what is known of the frames of a file of record, a journal or an image file.

    Raises
    ------
    RecordError
        There is no such file, or a run without frames.
    """
    if not path.is_file():
        raise RecordError(f"{path}: no such file; a file of record, a journal or an image is wanted")
    found = _of_journal(path) if path.suffix == ".jsonl" else _of_record(path) or Exposed(path)
    if found.start and not found.places:
        raise RecordError(f"{path}: no frames in this run; nothing was written")
    return found


def _of_journal(path: Path) -> Exposed:
    start: Mapping[str, Any] = {}
    streams: dict[str, Stream] = {}
    stores: dict[str, FrameStore] = {}
    places: list[Place] = []
    for name, document in read_journal(path):
        if name == "start":
            start = document
        elif name == "descriptor" and (stream := Stream.from_descriptor(document)):
            streams[stream.uid] = stream
        elif name == "stream_resource":
            stores[document["uid"]] = FrameStore.from_resource(document)
        elif name == "stream_datum" and document["descriptor"] in streams:
            indices = range(document["indices"]["start"], document["indices"]["stop"])
            places += [(stores[document["stream_resource"]], index) for index in indices]
    times = {stream.acquire_time for stream in streams.values()}
    return Exposed(path, start, times.pop() if len(times) == 1 else None, tuple(places))


def _of_record(path: Path) -> Exposed | None:
    """Return the run of a file of record; None for any other file."""
    if not h5py.is_hdf5(path):
        return None
    with h5py.File(path, "r") as file:
        patterns = next(pattern_entries(file), None)
        if patterns is None or "start_document/data" not in patterns.entry:
            return None
        start = json.loads(text_of(patterns.entry["start_document/data"]))
        links = raw_links(path.resolve().parent, patterns.entry)
        files, indices = patterns.column("raw_file"), patterns.column("raw_index")
        if files is None or indices is None:
            return Exposed(path, start)
        stores = {number: FrameStore("", link.target, link.dataset, swmr=True) for number, link in links.items()}
        rows = [(int(number), int(index)) for number, index in zip(files, indices, strict=True)]
        places = [(stores[number], index) for number, index in rows if number in stores and index >= 0]
        begin, end = patterns.column("exposure_start"), patterns.column("exposure_end")
        length = float("nan") if begin is None or end is None else float(np.nanmedian(end - begin))
        return Exposed(path, start, length if np.isfinite(length) else None, tuple(places))
