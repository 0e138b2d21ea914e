"""What a service remembers for the next one: on disk within half a second, believed while it is young."""

import json
import math
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from environment.small_rig import PERIOD, SETTINGS, PressureBench

import operando.configs
from operando.config import load
from operando.environment.axis import Change
from operando.environment.before import AxisBefore
from operando.environment.cell.recollection import recollection
from operando.environment.limits import pressure_fields
from operando.environment.memory import SIGN_OF_LIFE, Facts, Memory
from operando.environment.takeover import Before, axis_facts
from operando.history import EnvironmentHistory
from operando.vocabulary import AxisState, Mode, ProgrammeState

FIELDS = pressure_fields(load(Path(operando.configs.__file__).parent / "simulated.toml"))
CONFIGURED = {name: getattr(SETTINGS, name) for name in ("tolerance", "settle_time", "ramp_rate")}
NOW = 1_790_000_000_000_000_000
LIMIT = 600.0
Restart = Callable[[PressureBench], PressureBench]


class Bench:
    """A memory of three facts, and a clock that the test turns."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "run" / "environment.json"
        self.facts: dict[str, Facts] = {
            "stack_pressure": {"target": 85.0, "mode": "closed_loop", "state": "ramping", "id": "8", "settled_id": "7"},
            "cell": {"state": "running", "latched": False},
            "control": {"owner": "ada@p02:17 ipython"},
        }
        self.now_ns = NOW
        self.memory = Memory(self.file, {name: self.source(name) for name in self.facts}, lambda: self.now_ns)

    def source(self, name: str) -> Callable[[], Facts]:
        return lambda: self.facts[name]

    def before(self, seconds_later: float = 1.0) -> Before:
        return Before(self.file, LIMIT, self.now_ns + round(seconds_later * 1e9))

    def axis(self, seconds_later: float = 1.0, **changed: object) -> AxisBefore:
        self.facts["stack_pressure"] = {**self.facts["stack_pressure"], **changed}
        self.memory.save()
        return self.before(seconds_later).axis("stack_pressure", FIELDS)


def test_what_was_asked_for_is_known_to_the_next_service(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.axis() == AxisBefore(85.0, Mode.CLOSED_LOOP, False, "8", "7")
    assert bench.axis(mode="constant_volume").mode is Mode.CONSTANT_VOLUME
    assert bench.axis(state="held", tolerance=0.1).held
    assert bench.axis().tolerance == 0.1
    before = bench.before()
    assert before.owner == "ada@p02:17 ipython"
    with closing(EnvironmentHistory(tmp_path)) as history:
        assert recollection(before.facts("cell"), history, "cell").state is ProgrammeState.RUNNING


def test_what_is_too_old_is_not_wanted_any_more(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.axis(LIMIT - 1).target == 85.0
    assert bench.axis(LIMIT + 1) == AxisBefore()
    assert bench.axis(-1.0) == AxisBefore(), "a clock that was set back tells nothing"
    late = bench.before(LIMIT + 1)
    assert late.owner == ""
    with closing(EnvironmentHistory(tmp_path)) as history:
        known = recollection(late.facts("cell"), history, "cell")
        assert known.state is ProgrammeState.RUNNING, "a programme runs in its instrument for days, whoever listens"


def test_a_safe_state_and_a_trip_never_grow_old(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.facts["cell"] = {"state": "stopped", "latched": True}
    years = 1e8
    assert bench.axis(years, mode="released", state="safe") == AxisBefore(mode=Mode.RELEASED, settled_id="7")
    with closing(EnvironmentHistory(tmp_path)) as history:
        assert recollection(bench.before(years).facts("cell"), history, "cell").latched
    assert bench.before(years).facts("cell")["latched"]


@pytest.mark.parametrize(
    "changed",
    [{"target": 120.0}, {"target": None}, {"target": "85"}, {"target": True}],
    ids=["outside of today's limits", "none", "no number", "a truth"],
)
def test_a_target_that_cannot_be_is_not_taken_over(tmp_path: Path, changed: Facts) -> None:
    found = Bench(tmp_path).axis(**changed)
    assert (found.target, found.id) == (None, "")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"time_ns": "now"}', '{"time_ns": null, "cell": {}}'])
def test_a_file_that_tells_nothing_is_reported_and_ends_nothing(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "environment.json"
    assert Before(file, LIMIT, NOW).axis("stack_pressure", FIELDS) == AxisBefore()
    assert caplog.text == ""
    file.write_text(text)
    assert Before(file, LIMIT, NOW).axis("stack_pressure", FIELDS) == AxisBefore()
    assert "cannot be read" in caplog.text


def test_the_file_is_replaced_where_something_has_changed_and_as_a_sign_of_life(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.memory.save()
    written = bench.file.stat().st_ino
    bench.memory.save()
    assert bench.file.stat().st_ino == written
    bench.facts["control"] = {"owner": ""}
    bench.memory.save()
    assert json.loads(bench.file.read_text())["control"] == {"owner": ""}
    bench.now_ns += round((SIGN_OF_LIFE + 0.1) * 1e9)
    bench.memory.save()
    assert json.loads(bench.file.read_text())["time_ns"] == bench.now_ns
    assert [path.name for path in bench.file.parent.iterdir()] == ["environment.json"]


def test_a_disk_that_takes_nothing_is_reported_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "run").write_text("in the way")
    bench.memory.save()
    bench.memory.save()
    assert caplog.text.count("cannot be written") == 1
    (tmp_path / "run").unlink()
    bench.memory.save()
    assert bench.file.is_file()


def test_a_thread_of_its_own_writes_what_changes(tmp_path: Path) -> None:
    bench, stop = Bench(tmp_path), threading.Event()
    thread = threading.Thread(target=bench.memory.serve, args=(stop,))
    thread.start()
    try:
        for owner in ("bob", "ada"):
            bench.facts["control"] = {"owner": owner}
            seen = threading.Event()
            for _ in range(1000):
                if bench.file.exists() and json.loads(bench.file.read_text())["control"]["owner"] == owner:
                    seen.set()
                    break
                seen.wait(0.01)
            assert seen.is_set()
        bench.facts["control"] = {"owner": "at the very end"}
    finally:
        stop.set()
        thread.join()
    assert bench.before().owner == "at the very end"


@pytest.fixture
def restarted(tmp_path: Path) -> Restart:
    """Make a second loop on the same rig, which knows what the first one left in its memory."""

    def restart(bench: PressureBench) -> PressureBench:
        file = tmp_path / "environment.json"
        Memory(file, {"stack_pressure": lambda: axis_facts(bench.now, CONFIGURED)}, lambda: NOW).save()
        return PressureBench(bench.rig, before=Before(file, LIMIT, NOW).axis("stack_pressure", FIELDS))

    return restart


def test_a_move_goes_on_across_a_restart_and_settles_under_its_own_id(restarted: Restart) -> None:
    bench = PressureBench()
    bench.run(2.0)
    bench.loop.tell(Change("target", 88.0, "7"))
    bench.run(3.0)
    assert bench.now.state is AxisState.RAMPING
    setpoint = bench.now.setpoint
    after = restarted(bench)
    first = after.run(PERIOD)[0]
    assert (first.target, first.state, first.settled_id) == (88.0, AxisState.RAMPING, "")
    axes = after.run(25.0)
    assert (after.now.state, after.now.settled_id, after.now.target) == (AxisState.SETTLED, "7", 88.0)
    began = next(axis.setpoint for axis in axes if math.isfinite(axis.setpoint))
    assert abs(began - setpoint) < 0.1


@pytest.mark.parametrize("state", [AxisState.IDLE, AxisState.HELD, AxisState.SETTLED])
def test_what_stood_still_stands_still_and_says_the_same(restarted: Restart, state: AxisState) -> None:
    bench = PressureBench()
    bench.run(2.0)
    if state is not AxisState.IDLE:
        bench.loop.tell(Change("target", 84.5, "7"))
        bench.run(10.0)
    if state is AxisState.HELD:
        bench.loop.tell(Change("stop"))
        bench.run(1.0)
    before = bench.now
    assert before.state is state
    written = len(bench.rig.written)
    after = restarted(bench)
    after.run(10.0)
    assert (after.now.state, after.now.target, after.now.id) == (state, before.target, before.id)
    assert after.now.settled_id == before.settled_id
    steps = [before.drive.value, *bench.rig.written[written:]]
    assert max(abs(b - a) for a, b in pairwise(steps)) < 0.15, "0.1 % of the range"


def test_only_what_differs_from_the_configuration_is_remembered(restarted: Restart) -> None:
    bench = PressureBench()
    bench.run(2.0)
    assert CONFIGURED.keys().isdisjoint(axis_facts(bench.now, CONFIGURED))
    bench.loop.tell(Change("ramp_rate", 0.2, "7"))
    bench.run(PERIOD)
    assert axis_facts(bench.now, CONFIGURED)["ramp_rate"] == 0.2
    assert restarted(bench).run(PERIOD)[0].ramp_rate == 0.2


def test_a_released_stack_is_never_loaded_again_by_a_restart(restarted: Restart) -> None:
    bench = PressureBench()
    bench.run(2.0)
    bench.loop.tell(Change("safe"))
    bench.run(0.3)
    assert bench.now.state is AxisState.RAMPING
    drive = bench.rig.plant.drive
    written = len(bench.rig.written)
    after = restarted(bench)
    after.run(5.0)
    assert (after.now.mode, after.now.state) == (Mode.RELEASED, AxisState.SAFE)
    assert max(bench.rig.written[written:]) < drive
