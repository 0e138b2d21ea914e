"""Bytes and doings of the potentiostat: it cycles a cell by itself, in its own time."""

import re

import numpy as np
import pytest
from sim_wires.capacitor import Capacitor

from operando.sim.wires.emstat4 import EmStat4

CYCLE = """e
var p
var c
var t
var n
store_var n 1i ja
set_pgstat_chan 0
set_pgstat_mode 6
set_range db 1m
set_autoranging db 1m 1m
set_i 0
cell_on
timer_start
loop n <= 2i
meas_loop_cp p c 100u 500m 3600
timer_get t
pck_start
pck_add t
pck_add p
pck_add c
pck_add n
pck_end
if p >= 3680m
breakloop
endif
endloop
meas_loop_cp p c -100u 500m 3600
if p <= 2180m
breakloop
endif
endloop
add_var n 1i
endloop
on_finished:
cell_off

"""


class Bench:
    """An instrument on a capacitor, and a clock."""

    def __init__(self, cell: Capacitor | None = None) -> None:
        self.cell = cell or Capacitor()
        self.instrument = EmStat4(self.cell, np.random.default_rng(8))
        self.now = 100.0

    def ask(self, text: str) -> str:
        return b"".join(reply.data for reply in self.instrument.receive(text.encode(), self.now)).decode()

    def live(self, seconds: float) -> str:
        heard, end = b"", self.now + seconds
        while self.now < end:
            until = min(end, self.now + 0.01, max(self.now, self.instrument.due))
            self.cell.step(until - self.now)
            self.now = until
            heard += b"".join(reply.data for reply in self.instrument.advance(self.now))
        return heard.decode()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def packets(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("P")]


def value(packet: str, kind: str) -> float:
    match = re.search(kind + "([0-9A-F]{7})(.)", packet)
    assert match is not None
    power = {"p": -12, "n": -9, "u": -6, "m": -3, " ": 0, "i": 0}[match[2]]
    return float((int(match[1], 16) - 2**27) * 10.0**power)


def test_it_tells_who_it_is(bench: Bench) -> None:
    assert bench.ask("t\n") == "tes4_hr1303#Jan 11 2024 12:00:00\nR*\n"
    assert bench.ask("i\n").startswith("i")
    assert bench.ask("v\n").startswith("v")


def test_nothing_runs_so_nothing_is_aborted(bench: Bench) -> None:
    assert bench.ask("Z\n") == "Z!0006\n"


def test_it_is_deaf_for_a_moment_after_an_error(bench: Bench) -> None:
    assert bench.ask("q\n") == "q!0003\n"
    assert bench.ask("t\n") == ""
    bench.live(0.06)
    assert bench.ask("t\n").startswith("tes4")


def test_a_script_that_does_not_parse_is_refused_as_a_whole(bench: Bench) -> None:
    assert bench.ask("e\nvar a\nset_pgstat_chan 0\nfly\n\n") == "e!4001: Line 3, Col 1\n"
    assert bench.live(1.0) == ""


def test_one_command_is_a_script_too(bench: Bench) -> None:
    assert bench.ask("e\ncell_off\n\n") == "e\n\n"


def test_a_cell_is_cycled_between_its_limits(bench: Bench) -> None:
    assert bench.ask(CYCLE).startswith("e\nL\nM000A\n")
    heard = bench.live(120.0)
    assert heard.count("M000A\n") == 3  # one was heard before
    assert heard.endswith("*\n+\n\n")
    first = packets(heard)
    assert value(first[0], "eb") == 0.5
    assert value(first[1], "eb") == 1.0
    assert value(first[0], "ba") == pytest.approx(100e-6, abs=1e-7)
    assert ",10,215" in first[0]
    assert {value(packet, "ja") for packet in first} == {1.0, 2.0}
    charged = [value(packet, "ab") for packet in first if value(packet, "ja") == 1.0]
    assert sorted(charged) == charged
    assert 3.68 <= charged[-1] < 3.74
    assert bench.cell.current == 0.0
    assert bench.cell.voltage < 2.2


def test_the_script_goes_on_when_nobody_listens(bench: Bench) -> None:
    bench.ask(CYCLE)
    bench.live(2.0)
    assert bench.cell.current == pytest.approx(100e-6)
    assert bench.ask("t\n") == "t!0003\n"
    assert packets(bench.live(2.0))


def test_abort_closes_loops_and_finishes(bench: Bench) -> None:
    bench.ask(CYCLE)
    bench.live(1.2)
    assert bench.ask("Z\n") == "Z\n*\n+\n\n"
    assert bench.cell.current == 0.0
    assert bench.live(2.0) == ""
    assert bench.ask("Z\n") == "Z!0006\n"


def test_an_error_while_running_leaves_the_cell_as_it_is(bench: Bench) -> None:
    bench.ask(CYCLE)
    bench.live(1.2)
    bench.instrument.critical_overload = True
    assert re.fullmatch(r"!0032: Line \d+\n", bench.live(1.0))
    assert bench.cell.current == pytest.approx(100e-6)  # on_finished is not executed
    bench.live(0.1)
    assert bench.ask("e\ncell_off\n\n") == "e\n\n"
    assert bench.cell.current == 0.0


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("var p\nvar c\nset_pgstat_mode 6\nmeas_loop_cp p c 1u 1 5\nendloop", "!4027: Line 4"),
        ("set_i 1u", "!0023: Line 1"),
        ("set_pgstat_mode 9", "!0021: Line 1"),
        ("set_pgstat_mode 6\nset_i 200m", "!4205: Line 2"),
        ("var p\nset_pgstat_mode 6\ncell_on\nmeas_loop_ocp p 1 5\nendloop", "!0014: Line 4"),
    ],
)
def test_what_the_electrodes_do_not_allow_ends_the_script(bench: Bench, script: str, error: str) -> None:
    assert bench.ask(f"e\n{script}\n\n").endswith(f"{error}\n")


def test_open_circuit_is_watched_with_the_cell_off(bench: Bench) -> None:
    bench.ask("e\nvar p\nmeas_loop_ocp p 100m 1\npck_start\npck_add p\npck_end\nendloop\n\n")
    heard = bench.live(2.0)
    assert len(packets(heard)) == 10
    assert value(packets(heard)[0], "ab") == pytest.approx(3.0, abs=1e-3)


def test_an_endless_loop_holds_nobody_up(bench: Bench) -> None:
    assert bench.ask("e\nvar n\nloop n == 0i\nendloop\n\n") == "e\nL\n"
    assert bench.live(0.5) == ""
    assert bench.ask("Z\n") == "Z\n+\n\n"


def test_a_current_beyond_its_range_is_an_overload(bench: Bench) -> None:
    bench.ask(CYCLE.replace("db 1m 1m", "db 10u 10u"))
    assert ",12,20F" in packets(bench.live(1.0))[0]
    assert bench.cell.current == pytest.approx(11e-6)


CONSTANT_VOLTAGE = """e
var p
var c
var n
store_var n 1i ja
set_pgstat_chan 0
set_pgstat_mode 3
set_range ba 1m
set_autoranging ba 1u 1m
set_e 3100m
cell_on
meas_loop_ca p c 3100m 100m 100
pck_start
pck_add p
pck_add c
pck_end
if c <= 10u
breakloop
endif
endloop
store_var n 2i ja
cell_off
meas_loop_ocp p 100m 1
pck_start
pck_add p
pck_add n
pck_end
endloop
on_finished:
cell_off

"""


@pytest.fixture
def resistive() -> Bench:
    """A capacitor behind 500 Ω: its time constant is 0.5 s."""
    return Bench(Capacitor(ohm=500.0))


def test_a_held_voltage_is_left_by_a_decaying_current(resistive: Bench) -> None:
    assert resistive.ask(CONSTANT_VOLTAGE) == "e\nM0007\n"
    heard = packets(resistive.live(5.0))
    currents = [value(each, "ba") for each in heard if "ba" in each]
    assert currents[0] == pytest.approx(200e-6 * 5.0 * (1.0 - np.exp(-0.2)), rel=1e-3)  # the mean of the interval
    assert currents == sorted(currents, reverse=True)
    assert currents[-1] <= 10e-6 < currents[-2]
    assert sum(currents) * 0.1 == pytest.approx(resistive.cell.passed * 3600.0, rel=1e-4)
    assert [value(each, "da") for each in heard if "ba" in each] == pytest.approx([3.1] * len(currents))
    rest = [value(each, "ab") for each in heard if "ab" in each]
    assert len(rest) == 10
    assert rest[0] == pytest.approx(3.1 - 500.0 * 9e-6, abs=2e-3)


def test_the_host_ends_a_measurement_and_the_script_goes_on_behind_it(resistive: Bench) -> None:
    resistive.ask(CONSTANT_VOLTAGE)
    resistive.live(0.35)
    assert resistive.ask("Y\n") == "Y\n*\nM000B\n"
    assert resistive.cell.state == "open"
    rest = resistive.live(5.0)
    assert len(packets(rest)) == 10
    assert rest.endswith("*\n\n")
    assert resistive.ask("Y\n") == "Y!0006\n"


def test_a_measurement_that_is_not_there_is_not_ended(bench: Bench) -> None:
    bench.ask("e\nvar p\nwait 1\nmeas_loop_ocp p 100m 1\nendloop\n\n")
    bench.live(0.5)
    assert bench.ask("Y\n") == "Y\n"
    assert bench.live(0.4) == ""
    assert bench.live(2.0) == "M000B\n*\n\n"


def test_a_halted_script_goes_on_where_it_stood(bench: Bench) -> None:
    bench.ask(CYCLE)
    bench.live(1.2)
    assert bench.ask("h\n") == "h\n"
    assert bench.live(10.0) == ""
    assert bench.cell.current == pytest.approx(100e-6)
    assert bench.ask("H\n") == "H\n"
    assert [value(each, "eb") for each in packets(bench.live(0.4))] == [pytest.approx(11.5)]


def test_a_cell_that_draws_too_much_is_overload_and_not_more_than_the_range(bench: Bench) -> None:
    cell = Capacitor(voltage=0.0, farad=1e6, ohm=1.0)
    greedy = Bench(cell)
    greedy.ask(CONSTANT_VOLTAGE)
    heard = packets(greedy.live(1.0))
    assert cell.current == pytest.approx(1.1e-3)
    assert all(",12,215" in each for each in heard)


def test_another_mode_opens_the_relay(bench: Bench) -> None:
    said = bench.ask(
        "e\nvar p\nvar c\nset_pgstat_mode 6\ncell_on\nset_pgstat_mode 3\nmeas_loop_ca p c 1 1 1\nendloop\n\n"
    )
    assert said == "e\n!4027: Line 6\n"
