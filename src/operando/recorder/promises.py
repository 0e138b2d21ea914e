"""Which documents of a run are not there, as those that are there tell."""

from collections.abc import Mapping
from typing import Any

from operando.recorder.instants import from_posix
from operando.recorder.losses import Kind, Loss


class Promises:
    """Takes documents in the order of their journal, and notes what is missing between them."""

    def __init__(self) -> None:
        self.losses: list[Loss] = []
        self.last_ns: int | None = None
        """UTC, ns since the epoch: of the last document that bears a time."""
        self._streams: dict[str, str] = {}
        self._resources: set[str] = set()
        self._events: dict[str, int] = {}
        self._frames: dict[str, int] = {}
        self._lost: tuple[str, int, int] | None = None

    def see(self, name: str, document: Mapping[str, Any]) -> None:
        """Take the next document."""
        if name == "descriptor":
            self._streams[str(document["uid"])] = str(document.get("name", ""))
        elif name == "stream_resource":
            self._resources.add(str(document["uid"]))
        elif name == "stream_datum":
            self._see_frames(document)
        elif name == "event":
            self._see_events(str(document["descriptor"]), int(document["seq_num"]))
        elif name == "stop":
            self._see_stop(document)
        if isinstance(time := document.get("time"), int | float):
            self.last_ns = from_posix(time)

    def _see_frames(self, document: Mapping[str, Any]) -> None:
        stream, resource = str(document["descriptor"]), str(document["stream_resource"])
        first, last = int(document["seq_nums"]["start"]), int(document["seq_nums"]["stop"]) - 1
        done = self._frames.get(stream, 0)
        if first > done + 1:
            self._lose_frames("no document announces them", done + 1, first - 1)
        self._frames[stream] = max(done, last)
        if stream not in self._streams:
            self._lose_frames("the descriptor of their stream is lost", first, last)
        elif resource not in self._resources:
            self._lose_frames("the document that names their file is lost", first, last)

    def _see_events(self, stream: str, number: int) -> None:
        done = self._events.get(stream, 0)
        if number > done + 1:
            self._lose_events(stream, done + 1, number - 1)
        self._events[stream] = max(done, number)

    def _see_stop(self, document: Mapping[str, Any]) -> None:
        """Compare with what the stop document counts: the last events may be lost, too."""
        names = {name: stream for stream, name in self._streams.items()}
        for name, count in (document.get("num_events") or {}).items():
            stream = names.get(name, "")
            flown = self._frames.get(stream, 0) if stream not in self._events else 0
            done = flown or self._events.get(stream, 0)
            if count > done and flown:  # a stream without events, as detectors leave that fly: its frames are counted
                self._lose_frames("no document announces them", done + 1, count)
            elif count > done:
                self._lose_events(names.get(name, name), done + 1, count)

    def _lose_events(self, stream: str, first: int, last: int) -> None:
        self._lose(Kind.JOURNAL, f"{_range('event', first, last)} of stream {self._streams.get(stream, stream)!r}")

    def _lose_frames(self, reason: str, first: int, last: int) -> None:
        """Note frames, together with those before them that are lost for the same reason."""
        if self._lost and self._lost[::2] == (reason, first - 1):
            first = self._lost[1]
            before = self.losses.pop()
            self.losses.append(
                Loss(Kind.FRAMES, f"{_range('frame', first, last)}: {reason}", before.after_ns, self.last_ns)
            )
        else:
            self._lose(Kind.FRAMES, f"{_range('frame', first, last)}: {reason}")
        self._lost = reason, first, last

    def _lose(self, kind: Kind, what: str) -> None:
        self._lost = None
        self.losses.append(Loss(kind, what, self.last_ns))


def _range(noun: str, first: int, last: int) -> str:
    """Say which.

    Examples
    --------
    >>> _range("frame", 3, 3), _range("event", 3, 5)
    ('frame 3', 'events 3 to 5')
    """
    return f"{noun} {first}" if first == last else f"{noun}s {first} to {last}"
