"""Requests: what is refused, in which words, and what reaches the loops."""

import json
import math
from pathlib import Path

import pytest

import operando.configs
from operando.config import load
from operando.environment.axis import Change
from operando.environment.desks import of_cell
from operando.environment.limits import pressure_fields, programme_fields, temperature_fields
from operando.environment.ownership import Ownership
from operando.environment.requests import RequestDesk

FILE = (Path(operando.configs.__file__).parent / "simulated.toml").resolve()
CONFIG = load(FILE)


class Bench:
    """A desk, with everything that it passes on kept."""

    def __init__(self, subsystem: str = "PRESSURE", objection: str = "") -> None:
        self.told: list[Change] = []
        self.shown: dict[str, str] = {}
        subject, fields = {
            "PRESSURE": ("stack_pressure", pressure_fields(CONFIG)),
            "TEMPERATURE": ("temperature", temperature_fields(CONFIG)),
            "CELL": ("cell", programme_fields()),
        }[subsystem]
        self.subsystem = subsystem
        ownership = Ownership(10.0, "[control] owner_lapse_s", lambda _: None)
        self.desk = RequestDesk(
            subject, subsystem, fields, self.told.append, lambda _: objection, self.shown.__setitem__, ownership
        )

    def ask(self, **request: object) -> tuple[bool, str]:
        """Return whether it was accepted, and the words."""
        self.desk.on_request(json.dumps({"id": "7", "who": "ada@p02", **request}))
        return self.reply()

    def reply(self) -> tuple[bool, str]:
        found = json.loads(self.shown[f"{self.subsystem}:REPLY"])
        assert found["id"] == "7"
        return found["accepted"], found["text"]


ACCEPTED = [
    ("PRESSURE", "target", 85.0),
    ("PRESSURE", "target", 5.0),
    ("PRESSURE", "target", 100),
    ("PRESSURE", "tolerance", 0.1),
    ("PRESSURE", "settle_time", 0),
    ("PRESSURE", "ramp_rate", 0.1),
    ("PRESSURE", "drive", -20.0),
    ("PRESSURE", "stop", 0.0),
    ("TEMPERATURE", "target", 45.0),
]


@pytest.mark.parametrize(("subsystem", "field", "value"), ACCEPTED)
def test_what_is_within_limits_is_passed_on_as_it_is(subsystem: str, field: str, value: float) -> None:
    bench = Bench(subsystem)
    assert bench.ask(field=field, value=value) == (True, "")
    assert bench.told == [Change(field, float(value), "7")]


REFUSED = [
    ("PRESSURE", "target", 100.5, f"above the high limit 100 MPa ({FILE}: [pressure] high_limit_MPa)"),
    ("PRESSURE", "target", 4.0, f"below the low limit 5 MPa ({FILE}: [pressure] low_limit_MPa)"),
    ("PRESSURE", "target", math.nan, "which is no number to go to"),
    ("PRESSURE", "target", math.inf, "which is no number to go to"),
    ("PRESSURE", "target", 10**400, "which is no number to go to"),
    ("PRESSURE", "target", "85", "a number is wanted"),
    ("PRESSURE", "target", True, "a number is wanted"),
    ("PRESSURE", "tolerance", 0.0, "below the low limit 1e-06 MPa"),
    ("PRESSURE", "settle_time", -1.0, "below the low limit 0 s"),
    ("PRESSURE", "ramp_rate", -0.1, "below the low limit 1e-06 MPa/s"),
    ("PRESSURE", "drive", 131.0, f"above the high limit 130 V ({FILE}: [piezo] high_limit_V)"),
    ("PRESSURE", "drive", -21.0, f"below the low limit -20 V ({FILE}: [piezo] low_limit_V)"),
    ("PRESSURE", "volts", 6.0, "allowed: drive, mode, ramp_rate, reset, settle_time, stop, target, tolerance"),
    ("TEMPERATURE", "drive", 60.0, "allowed: ramp_rate, reset, settle_time, stop, target, tolerance"),
    ("TEMPERATURE", "target", 120.0, f"above the high limit 100 degC ({FILE}: [heater] high_limit_C)"),
    ("CELL", "target", 3.0, "allowed: end_step, load, pause, reset, resume, start, stop"),
]


@pytest.mark.parametrize(("subsystem", "field", "value", "words"), REFUSED)
def test_what_is_out_of_limits_is_refused_by_name_and_never_clamped(
    subsystem: str, field: str, value: object, words: str
) -> None:
    bench = Bench(subsystem)
    accepted, text = bench.ask(field=field, value=value)
    assert not accepted
    assert words in text
    assert "ada@p02 asked for" in text
    assert text.endswith("nothing changes")
    assert bench.told == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("target 85", "is no JSON"),
        ("[]", "a JSON object of id, who, field, value, text is wanted"),
        ('{"id": "7", "who": "ada", "field": "target", "value": 1, "force": true}', "a JSON object of"),
        ('{"id": "7", "field": "target", "value": 1}', "who must be text"),
        ('{"id": "7", "who": "", "field": "target", "value": 1}', "who must be text, not empty"),
        ('{"id": "7", "who": "ada", "field": "mode", "text": 1}', "ada asked for mode = 1, text is wanted"),
        ('{"who": "ada", "field": "target", "value": 1}', "id must be text"),
    ],
)
def test_what_is_no_request_is_answered_all_the_same(text: str, words: str) -> None:
    bench = Bench()
    bench.desk.on_request(text)
    found = json.loads(bench.shown["PRESSURE:REPLY"])
    assert not found["accepted"]
    assert words in found["text"]
    assert found["id"] == ("7" if '"7"' in text else "")
    assert bench.told == []


def test_a_put_takes_the_same_path_under_the_name_of_caput() -> None:
    bench = Bench()
    put = bench.desk.on_put("target")
    put(85.0)
    assert bench.told == [Change("target", 85.0, "caput-1")]
    put(200.0)
    found = json.loads(bench.shown["PRESSURE:REPLY"])
    assert found["id"] == "caput-2"
    assert "caput asked for target = 200 MPa, above the high limit 100 MPa" in found["text"]
    assert len(bench.told) == 1


def test_a_button_is_pressed_with_anything_but_zero() -> None:
    bench = Bench()
    bench.desk.on_put("stop")(0)
    assert bench.told == []
    bench.desk.on_put("stop")(1)
    assert [change.field for change in bench.told] == ["stop"]


def test_an_objection_of_the_loop_refuses() -> None:
    bench = Bench(objection="the safe state is latched until somebody asks for reset")
    accepted, text = bench.ask(field="target", value=60.0)
    assert not accepted
    assert text == (
        "stack_pressure: ada@p02 asked for target; refused: the safe state is latched until somebody asks for reset; "
        "nothing changes"
    )


@pytest.mark.parametrize("mode", ["closed_loop", "constant_volume", "manual"])
def test_a_mode_is_asked_for_in_words_and_answered_once_it_is_taken(mode: str) -> None:
    bench = Bench()
    bench.desk.on_request(json.dumps({"id": "7", "who": "ada@p02", "field": "mode", "text": mode}))
    assert "PRESSURE:REPLY" not in bench.shown
    (change,) = bench.told
    assert (change.field, change.text) == ("mode", mode)
    change.carried_out()
    assert bench.reply() == (True, "")


@pytest.mark.parametrize("mode", ["released", "open_loop", ""])
def test_no_other_mode_is_asked_for(mode: str) -> None:
    accepted, text = (bench := Bench()).ask(field="mode", text=mode)
    assert not accepted
    assert text.startswith(f"stack_pressure: ada@p02 asked for mode = {mode!r}; allowed: closed_loop, constant_volume")
    assert bench.told == []


def test_a_mode_is_put_as_text() -> None:
    bench = Bench()
    bench.desk.on_put("mode")("manual")
    assert [(change.field, change.text) for change in bench.told] == [("mode", "manual")]


@pytest.mark.parametrize("but", ["", "EmStat4: a programme is running"])
def test_a_start_is_answered_once_the_instrument_has_taken_it(but: str) -> None:
    bench = Bench("CELL")
    bench.desk.on_request('{"id": "7", "who": "ada", "field": "start"}')
    assert "CELL:REPLY" not in bench.shown
    bench.told[0].carried_out(but)
    assert bench.reply() == (not but, but)


def test_a_put_of_1_pauses_a_cell_and_one_of_0_lets_it_go_on() -> None:
    bench = Bench("CELL")
    puts = of_cell("CELL", bench.desk)
    for record, value in (("PAUSE", 1), ("PAUSE", 0), ("END_STEP", 1), ("END_STEP", 0), ("START", 1), ("SAFE", 1)):
        puts[f"CELL:{record}"](value)
    assert [change.field for change in bench.told] == ["pause", "resume", "end_step", "start", "stop"]


def test_a_programme_is_loaded_by_its_text_and_answered_when_that_is_done() -> None:
    bench = Bench("CELL")
    assert "without a text" in bench.ask(field="load")[1]
    bench.desk.on_request(json.dumps({"id": "8", "who": "ada@p02", "field": "load", "text": 'name = "formation"'}))
    (change,) = bench.told
    assert change.text == 'name = "formation"'
    assert json.loads(bench.shown["CELL:REPLY"])["id"] == "7"
    change.carried_out("it has no steps")
    assert json.loads(bench.shown["CELL:REPLY"]) == {"id": "8", "accepted": False, "text": "it has no steps"}
