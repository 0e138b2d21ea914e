"""One client in control at a time: who takes it, who keeps it, who is refused, and when it ends."""

import json
from typing import TYPE_CHECKING

from operando.environment.heartbeats import Heartbeats
from operando.environment.limits import COMMAND, Field
from operando.environment.ownership import RECONNECTION, Ownership
from operando.environment.requests import RequestDesk
from operando.vocabulary import Beat

if TYPE_CHECKING:
    from operando.environment.axis import Change

ADA, BOB = "ada@p02:17 ipython", "bob@p02:4711 queue"
FIELDS = {"target": Field("MPa", 5.0, 100.0), "own": COMMAND, "disown": COMMAND, "stop": COMMAND, "reset": COMMAND}


class Bench:
    """Two clients at one desk, and a clock that the test turns."""

    def __init__(self, owner: str = "") -> None:
        self.now = 100.0
        self.told: list[Change] = []
        self.shown: dict[str, str] = {}
        self.ownership = Ownership(
            10.0,
            "p02.toml: [control] owner_lapse_s",
            lambda who: self.shown.__setitem__("OWNER", who),
            owner,
            lambda: self.now,
        )
        self.desk = RequestDesk(
            "stack_pressure",
            "PRESSURE",
            FIELDS,
            self.told.append,
            lambda _: "",
            self.shown.__setitem__,
            self.ownership,
        )

    def ask(self, who: str, field: str = "target", value: float = 60.0) -> str:
        """Return nothing, or why it was refused."""
        self.desk.on_request(json.dumps({"id": "7", "who": who, "field": field, "value": value}))
        if field == "reset":
            self.told[-1].carried_out()
        reply = json.loads(self.shown["PRESSURE:REPLY"])
        assert reply["accepted"] == (not reply["text"])
        return str(reply["text"])

    @property
    def owner(self) -> str:
        assert self.ownership.owner == self.shown["OWNER"]
        return self.shown["OWNER"]


def test_the_first_who_asks_is_in_control_and_others_are_refused_by_that_name() -> None:
    bench = Bench()
    assert bench.owner == ""
    assert bench.ask(ADA) == ""
    assert bench.owner == ADA
    bench.now += 3.0
    assert bench.ask(BOB) == (
        f"stack_pressure: {BOB} asked for target; refused: {ADA} is in control, last heard 3.0 s ago; that ends with "
        "`disown`, with its program, or 10 s after it falls silent (p02.toml: [control] owner_lapse_s); nothing changes"
    )
    assert bench.ask(ADA) == ""
    assert len(bench.told) == 2


def test_what_was_refused_takes_no_control() -> None:
    bench = Bench()
    assert "above the high limit" in bench.ask(ADA, value=150.0)
    assert bench.owner == ""


def test_a_heartbeat_keeps_control_and_silence_ends_it() -> None:
    bench = Bench()
    bench.ask(ADA)
    for count in range(100):
        bench.now += 1.0
        bench.ownership.heard(Beat(ADA, count))
        bench.ownership.heard(Beat(BOB, count))
    assert bench.owner == ADA
    bench.now += 10.0
    assert ADA in bench.ask(BOB)
    bench.now += 0.1
    assert bench.owner == ""
    assert bench.ask(BOB) == ""
    assert bench.owner == BOB
    assert BOB in bench.ask(ADA)


def test_control_is_given_back_by_its_owner_alone() -> None:
    bench = Bench()
    assert bench.ask(ADA, "own") == ""
    assert ADA in bench.ask(BOB, "disown")
    assert bench.owner == ADA
    assert bench.ask(ADA, "disown") == ""
    assert bench.owner == ""
    assert bench.ask(BOB, "own") == ""
    assert bench.owner == BOB


def test_a_program_that_ends_in_order_leaves_nobody_in_control() -> None:
    bench = Bench()
    bench.ask(ADA)
    bench.ownership.heard(Beat(BOB, 5, last=True))
    assert bench.owner == ADA
    bench.ownership.heard(Beat(ADA, 5, last=True))
    assert bench.owner == ""


def test_what_freezes_or_acknowledges_is_done_for_everybody_and_owns_nothing() -> None:
    bench = Bench()
    assert bench.ask(BOB, "stop") == ""
    assert bench.owner == ""
    bench.ask(ADA)
    assert bench.ask(BOB, "stop") == ""
    assert bench.ask(BOB, "reset") == ""
    assert bench.owner == ADA


def test_a_put_without_a_name_is_refused_while_somebody_is_in_control_and_owns_nothing_itself() -> None:
    bench = Bench()
    bench.desk.on_put("target")(50.0)
    assert bench.owner == ""
    assert len(bench.told) == 1
    bench.ask(ADA)
    bench.desk.on_put("target")(50.0)
    assert f"caput asked for target; refused: {ADA} is in control" in bench.shown["PRESSURE:REPLY"]
    assert len(bench.told) == 2


def test_a_restarted_service_knows_the_owner_and_gives_it_time_to_be_heard() -> None:
    bench = Bench(owner=ADA)
    assert bench.owner == ADA
    assert f"{ADA} is in control, not yet heard since this service was started" in bench.ask(BOB)
    bench.now += RECONNECTION + 9.9
    assert ADA in bench.ask(BOB)
    bench.now += 0.2
    assert bench.owner == ""


def test_heartbeats_have_an_age_until_their_program_ends_in_order() -> None:
    now, shown, heard = [50.0], dict[str, str](), list[Beat]()
    heartbeats = Heartbeats(shown.__setitem__, lambda: now[0])
    hear = heartbeats.listener("RUNENGINE", heard.append)
    assert heartbeats.age("RUNENGINE") is None
    hear(json.dumps({"who": ADA, "count": 0}))
    now[0] += 4.0
    assert heartbeats.age("RUNENGINE") == 4.0
    assert heartbeats.age("RECORDER") is None
    heartbeats.listener("RECORDER")("17")  # any text is a beat
    assert heartbeats.age("RECORDER") == 0.0
    assert shown["HEARTBEAT:RECORDER"] == "17"
    hear(json.dumps({"who": ADA, "count": 1, "last": True}))
    assert heartbeats.age("RUNENGINE") is None
    assert heard == [Beat(ADA, 0), Beat(ADA, 1, last=True)]
