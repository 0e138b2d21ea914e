"""The supervisor over two cells: every sample is judged, a trip of one leaves the other alone, all else opens both."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from interlocks.watched import START_NS, row

from operando.control.conditions import Above, Holds
from operando.control.interlock import Actions, Interlock
from operando.environment.axis import Change
from operando.environment.blackbox import BlackBox
from operando.environment.interlocks import SAMPLES_AT_ONCE, Acting, Interlocks
from operando.environment.publication import Publication
from operando.history import EnvironmentLog
from operando.vocabulary import CurrentAction, HeatAction, Reading

OPEN = Actions(current=CurrentAction.OPEN)
BOTH_OFF = Actions(CurrentAction.OPEN, HeatAction.OFF)


def of_cell(channel: str, quantity: str) -> Interlock:
    made = row(Above(3.78), quantity, actions=OPEN, name=f"over_{quantity}", for_samples=2)
    return Interlock(made.name, quantity, "V", made.condition, 0.0, made.severity, OPEN, 2, channel)


TABLE = (
    of_cell("", "voltage"),
    of_cell("B", "voltage_b"),
    row(Holds(), "heater_fault", actions=BOTH_OFF, name="heater"),
)


class Obeying:
    """A subsystem that writes down what it is told."""

    def __init__(self, name: str, story: list[str]) -> None:
        self.name, self.story = name, story

    def tell(self, change: Change) -> None:
        self.story.append(f"{self.name} {change.field}")
        change.carried_out()


class TwoCells:
    """The supervisor alone, with what it tells."""

    def __init__(self, root: Path, before: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self.story: list[str] = []
        self.time_ns = START_NS
        self.log = EnvironmentLog(root / "environment")
        self.publication = Publication(self.log, lambda: self.time_ns)
        self.box = BlackBox(root / "blackbox")
        self.interlocks = Interlocks(
            TABLE,
            Acting(
                {"": Obeying("main", self.story), "B": Obeying("B", self.story)},
                Obeying("heat", self.story),
                Obeying("pressure", self.story),
            ),
            self.publication,
            self.box,
            before or {},
        )
        self.publication.watch(self.interlocks)

    def sample(self, quantity: str, *voltages: float) -> None:
        """Publish samples, all of them between two looks."""
        for voltage in voltages:
            self.time_ns += 1_000_000
            self.publication.sample({quantity: Reading(voltage, self.time_ns)})

    def look(self) -> list[str]:
        """Judge once; return what was told."""
        self.interlocks.step(0.05)
        told, self.story[:] = list(self.story), []
        return told


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[TwoCells]:
    made = TwoCells(tmp_path)
    yield made
    made.log.close()


def test_samples_between_two_looks_are_judged_one_by_one(cells: TwoCells) -> None:
    cells.sample("voltage", 3.6, 3.9, 3.6, 3.9, 3.6)
    assert cells.look() == []
    cells.sample("voltage", 3.6, 3.9, 3.9, 3.6, 3.6)
    assert cells.look() == ["main safe"]


def test_a_sample_that_counted_once_does_not_count_again(cells: TwoCells) -> None:
    cells.sample("voltage", 3.9)
    assert [cells.look() for _ in range(10)] == [[]] * 10
    cells.sample("voltage", 3.9)
    assert cells.look() == ["main safe"]


def test_a_trip_of_one_cell_opens_that_cell_alone_and_refuses_every_start(cells: TwoCells) -> None:
    cells.sample("voltage", 3.6, 3.6)
    cells.sample("voltage_b", 3.9, 3.9)
    assert cells.look() == ["B safe"]
    assert "over_voltage_b: voltage_b 3.9 V is above 3.78 V" in cells.interlocks.objection()
    assert cells.look() == []


def test_a_trip_of_the_endstation_opens_both_and_one_that_is_open_is_not_told_again(cells: TwoCells) -> None:
    cells.sample("voltage_b", 3.9, 3.9)
    cells.look()
    cells.publication.fact("heater_fault", Reading(1.0, cells.time_ns))
    assert cells.look() == ["main safe", "heat safe"]


def test_a_reset_reaches_the_cells_that_were_opened(cells: TwoCells) -> None:
    cells.sample("voltage_b", 3.9, 3.9, 3.5)
    cells.look()
    cells.interlocks.tell(Change("reset", id="1"))
    assert cells.look() == ["B reset"]
    assert cells.interlocks.objection() == ""


def test_a_reset_waits_until_the_circuit_was_read_back_as_open(cells: TwoCells) -> None:
    cells.sample("voltage_b", 3.9, 3.9)
    cells.look()
    assert "over_voltage_b: its circuit was not yet read back as open" in cells.interlocks.objection_to_reset()
    cells.publication.show("CELL_B:OPEN_VERIFIED", "cannot be verified: EmStat4: nothing came")
    assert "over_voltage_b: cannot be verified: EmStat4: nothing" in cells.interlocks.objection_to_reset()
    cells.publication.show("CELL:OPEN_VERIFIED", "open circuit read back: 3.4 V")
    assert cells.interlocks.objection_to_reset()
    cells.publication.show("CELL_B:OPEN_VERIFIED", "open circuit read back: 3.9 V")
    assert cells.interlocks.objection_to_reset() == ""


def test_a_trip_of_a_channel_that_is_there_no_more_can_be_reset(tmp_path: Path) -> None:
    words = {"current": "OPEN", "heat": "STAY", "pressure": "STAY", "cell": "C"}
    gone = {"name": "over_voltage_c", "words": "too much", "time_ns": START_NS, **words}
    cells = TwoCells(tmp_path, {"trips": [gone]})
    assert cells.look() == []
    assert "over_voltage_c" in cells.interlocks.objection()
    assert cells.interlocks.objection_to_reset() == ""
    cells.log.close()


def test_a_restart_opens_the_same_cell_again(cells: TwoCells, tmp_path: Path) -> None:
    cells.sample("voltage_b", 3.9, 3.9)
    cells.look()
    remembered = json.loads(json.dumps(cells.interlocks.facts()))
    after = TwoCells(tmp_path / "after", remembered)
    assert after.look() == ["B safe"]
    assert after.interlocks.facts() == cells.interlocks.facts()
    after.log.close()


def test_samples_that_waited_long_do_not_stop_the_loop_and_none_is_left_out(cells: TwoCells) -> None:
    cells.sample("voltage", *([3.6] * (3 * SAMPLES_AT_ONCE)), 3.9, 3.9)
    assert [cells.look() for _ in range(3)] == [[], [], []]
    assert cells.look() == ["main safe"]


def test_what_came_with_a_sample_is_logged_where_it_is_a_quantity_and_boxed_all_the_same(cells: TwoCells) -> None:
    found = {"voltage_b": Reading(3.6, START_NS), "cell_overload_b": Reading(0.0, START_NS)}
    cells.publication.sample(found)
    assert cells.log.waiting == 1
    cells.sample("voltage_b", 3.9, 3.9)
    cells.look()
    cells.box.look()
    (file,) = (cells.root / "blackbox").glob("*")
    samples = json.loads(file.read_text())["samples"]
    assert samples["voltage_b"]["unit"] == "V"
    assert samples["cell_overload_b"] == {"unit": "", "time_ns": [START_NS], "value": [0.0], "quality": [0]}
