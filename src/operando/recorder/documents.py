"""What the documents of a run have said so far: frames promised, events, the end."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operando.recorder.instants import from_posix
from operando.recorder.missing import Missing, told_in
from operando.recorder.run import FrameStore, Stream


@dataclass(frozen=True, slots=True)
class Announced:
    """A frame that the documents promise.

    Parameters
    ----------
    store : FrameStore
        The file it lies in.
    index : int
        From 0, within the file.
    sequence : int
        ``seq_num`` of its event.
    stream : Stream
        Its descriptor.
    flushed : int
        Frames of the file that were announced with it or before it.
    """

    store: FrameStore
    index: int
    sequence: int
    stream: Stream
    flushed: int


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended.

    Parameters
    ----------
    reason : str
        ``success``, ``abort``, ``fail`` (bluesky's words) or ``abandoned``.
    message : str
        What the stop document adds.
    """

    reason: str
    message: str


@dataclass(slots=True)
class _Promise:
    """Frames that one document promises: the next one, and how many there are."""

    store: FrameStore
    stream: Stream
    index: int
    sequence: int
    count: int


class Documents:
    """Reads documents in their order; touches no file.

    Parameters
    ----------
    start_ns : int
        UTC, ns since the epoch, from the start document.
    """

    def __init__(self, start_ns: int) -> None:
        self.announced = 0
        """Frames promised so far."""
        self.waiting = 0
        """Frames promised and not taken."""
        self.latest_ns = start_ns
        """UTC, ns since the epoch: the run lasted at least until then."""
        self.end: End | None = None
        self.missing: dict[Missing, None] = {}
        """What the detector's account says about frames that it lost, in order; each once."""
        self._streams: dict[str, Stream] = {}
        self._stores: dict[str, FrameStore] = {}
        self._promises: deque[_Promise] = deque()
        self._event_ns: dict[int, int] = {}
        self._done = 0

    def accept(self, name: str, document: Mapping[str, Any]) -> None:
        """Take the next document; what has nothing to do with frames is left alone."""
        if "time" in document:
            self.see(from_posix(document["time"]))
        if name == "descriptor":
            stream = Stream.from_descriptor(document)
            if stream is not None:
                self._streams[stream.uid] = stream
        elif name == "stream_resource":
            self._stores[document["uid"]] = FrameStore.from_resource(document)
        elif name == "stream_datum":
            self._announce(document)
        elif name == "event":
            self.missing.update(dict.fromkeys(told_in(document)))
            if document["descriptor"] in self._streams and document["seq_num"] > self._done:
                self._event_ns[document["seq_num"]] = from_posix(document["time"])  # else its frame was there first
        elif name == "stop":
            self.end = End(document["exit_status"], document.get("reason") or "")

    def see(self, time_ns: int) -> None:
        """Take note that the run lasted until an instant."""
        self.latest_ns = max(self.latest_ns, time_ns)

    def event_ns(self, sequence: int) -> int | None:
        """UTC, ns since the epoch: when the event of a frame was made; None where it never was."""
        return self._event_ns.get(sequence)

    @property
    def next(self) -> Announced | None:
        """The oldest frame that is promised and not taken."""
        if not self._promises:
            return None
        promise = self._promises[0]
        flushed = promise.index + promise.count
        return Announced(promise.store, promise.index, promise.sequence, promise.stream, flushed)

    def take(self) -> None:
        """Go on behind the next frame: somebody deals with it."""
        promise = self._promises[0]
        self.waiting -= 1
        promise.index, promise.sequence, promise.count = promise.index + 1, promise.sequence + 1, promise.count - 1
        if not promise.count:
            self._promises.popleft()

    def done(self, announced: Announced) -> None:
        """Forget the event of a frame that has been dealt with, as all before it."""
        self._event_ns.pop(announced.sequence, None)
        self._done = announced.sequence

    def _announce(self, document: Mapping[str, Any]) -> None:
        stream, store = self._streams.get(document["descriptor"]), self._stores.get(document["stream_resource"])
        if stream is None or store is None:
            return  # files of another stream
        first, stop = document["indices"]["start"], document["indices"]["stop"]
        sequence = document["seq_nums"]["start"]
        if stop > first:
            self._promises.append(_Promise(store, stream, first, sequence, stop - first))
            self.waiting += stop - first
            self.announced += stop - first
