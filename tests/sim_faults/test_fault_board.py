"""How faults are asked for, last, and end."""

import math

import pytest
from sim_faults.bench import Bench

from operando.sim.faults.refused import FaultRefused


def test_a_fault_ends_by_itself(bench: Bench) -> None:
    assert bench.set("load_cell", "broken_wire", seconds=2.0) == "load_cell broken_wire, for 2 s"
    bench.live(1.9)
    assert bench.faults.active == ["load_cell broken_wire"]
    bench.live(0.2)
    assert bench.faults.active == []
    assert bench.status() == 0


def test_without_a_time_it_lasts_until_cleared(bench: Bench) -> None:
    assert bench.set("load_cell", "drift") == "load_cell drift (5 kPa/s), until cleared"
    bench.live(30.0)
    assert bench.clear() == ["load_cell drift"]
    assert bench.clear() == []


def test_several_at_once_are_cleared_one_by_one(bench: Bench) -> None:
    bench.set("load_cell", "nak")
    bench.set("load_cell", "slow")
    bench.set("piezo", "hung")
    assert bench.clear("load_cell", "slow") == ["load_cell slow"]
    assert bench.clear("piezo") == ["piezo hung"]
    assert bench.faults.active == ["load_cell nak"]


def test_the_same_fault_begins_anew(bench: Bench) -> None:
    bench.set("load_cell", "drift", value=100.0, seconds=5.0)
    bench.live(4.0)
    before = bench.force()
    bench.set("load_cell", "drift", value=1.0)
    bench.live(2.0)
    assert bench.faults.active == ["load_cell drift"]
    assert bench.force() < before - 20.0


@pytest.mark.parametrize(
    ("target", "kind", "options", "said"),
    [
        (
            "cryostat",
            "hung",
            {},
            "'cryostat': no such target; there are load_cell, piezo, heater, potentiostat, cell, detector",
        ),
        ("heater", "drift", {}, "heater 'drift': no such fault; heater can have sensor_break, stuck_on, unplugged"),
        ("load_cell", "stuck", {"value": 3.0}, "load_cell stuck: takes no value; 3 was given"),
        ("load_cell", "drift", {"value": 1e5}, "load_cell drift: 100000 kPa/s; -10000 to 10000 kPa/s are possible"),
        ("load_cell", "drift", {"value": math.nan}, "nan kPa/s"),
        ("load_cell", "stuck", {"seconds": 0.0}, "for 0 s; a positive number of seconds is wanted"),
        ("load_cell", "stuck", {"seconds": math.inf}, "for inf s"),
        ("piezo", "power_cycled", {"seconds": 3.0}, "happens in an instant and lasts for no 3 s"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    bench: Bench, target: str, kind: str, options: dict[str, float], said: str
) -> None:
    bench.set("load_cell", "broken_wire")
    with pytest.raises(FaultRefused) as refused:
        bench.set(target, kind, **options)
    assert said in str(refused.value)
    assert bench.faults.active == ["load_cell broken_wire"]


def test_clearing_what_does_not_exist_is_refused(bench: Bench) -> None:
    with pytest.raises(FaultRefused, match="no such target"):
        bench.clear("cryostat")
    with pytest.raises(FaultRefused, match="no such fault"):
        bench.clear("piezo", "drift")


def test_a_power_cycle_in_closed_loop_leaves_nothing_to_restore(bench: Bench) -> None:
    bench.set("piezo", "closed_loop")
    bench.set("piezo", "power_cycled")
    assert bench.amplifier("cl") == 0
    bench.clear()
    assert bench.amplifier("cl") == 0
