"""A detector that flies leaves no events: what its run counts are frames."""

from typing import Any

from operando.recorder.promises import Promises

FLOWN = 30


def promises(announced: int, **counted: int) -> Promises:
    """Promises of a run that says in its end how much it had, and announces frames ten at a time."""
    found = Promises()
    found.see("start", {"uid": "run", "time": 1.0})
    for name in ("xrd", "conditions"):
        found.see("descriptor", {"uid": name, "name": name, "time": 2.0})
    found.see("stream_resource", {"uid": "file"})
    for first in range(1, announced, 10):
        seq_nums = {"start": first, "stop": min(first + 10, announced + 1)}
        found.see("stream_datum", {"descriptor": "xrd", "stream_resource": "file", "seq_nums": seq_nums})
    for number in (1, 2):
        event: dict[str, Any] = {"descriptor": "conditions", "seq_num": number, "time": 2.0 + number}
        found.see("event", event)
    found.see("stop", {"uid": "end", "time": 9.0, "num_events": counted})
    return found


def test_a_whole_flight_has_lost_nothing() -> None:
    assert promises(FLOWN, xrd=FLOWN, conditions=2).losses == []


def test_frames_that_are_counted_and_announced_nowhere_are_named() -> None:
    (loss,) = promises(FLOWN - 4, xrd=FLOWN, conditions=2).losses
    assert "frames 27 to 30: no document announces them" in str(loss)


def test_events_beside_a_flight_are_counted_as_before() -> None:
    (loss,) = promises(FLOWN, xrd=FLOWN, conditions=3).losses
    assert "event 3 of stream 'conditions'" in str(loss)
