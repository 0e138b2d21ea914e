"""What scripts measure: ramps, spectra, single values; and what they reckon with."""

import math

import pytest
from sim_wires.capacitor import Capacitor
from sim_wires.virtual_time import VirtualTime, packets

VARIABLES = "var p\nvar c\nvar t\nvar f\nvar r\nvar i\nvar n\n"
POTENTIOSTAT = "set_pgstat_mode 3\nset_range ba 1m\nset_autoranging ba 1u 1m\n"
GALVANOSTAT = "set_pgstat_mode 6\nset_range db 1m\nset_i 0\ncell_on\n"
PACKET_OF_A_RAMP = "timer_get t\npck_start\npck_add t\npck_add p\npck_add c\npck_end\nendloop\n"
PACKET_OF_A_SPECTRUM = "pck_start\npck_add f\npck_add r\npck_add i\npck_end\nendloop\n"


def resistor_and_capacitor() -> Capacitor:
    return Capacitor(voltage=3.0, farad=1e-3, ohm=500.0)


def ran(script: str, cell: Capacitor | None = None, clock_error: float = 0.0) -> list[dict[str, float]]:
    bench = VirtualTime(cell or resistor_and_capacitor(), clock_error)
    said = bench.start(VARIABLES + script)
    assert said.startswith("e\n"), said
    return packets(said + bench.run())


@pytest.mark.parametrize(("begin", "end"), [("3000m", "3200m"), ("3000m", "2800m")])
def test_a_ramp_goes_at_its_rate_and_drives_a_capacitor_by_a_constant_current(begin: str, end: str) -> None:
    script = f"set_e {begin}\ncell_on\ntimer_start\nmeas_loop_lsv p c {begin} {end} 1m 100m\n"
    samples = ran(POTENTIOSTAT + script + PACKET_OF_A_RAMP)
    sign = 1.0 if end > begin else -1.0
    assert len(samples) == 201
    assert [each["da"] for each in samples[:3]] == pytest.approx([3.0, 3.0 + sign * 1e-3, 3.0 + sign * 2e-3])
    assert samples[-1]["da"] == pytest.approx(3.0 + sign * 0.2)
    assert samples[-1]["eb"] == pytest.approx(2.01, rel=1e-6)
    assert samples[-1]["ba"] == pytest.approx(sign * 100e-6 * (1.0 - math.exp(-4.0)), rel=0.01)  # C dV/dt


@pytest.mark.parametrize(
    "script",
    [
        POTENTIOSTAT + "set_e 3\ncell_on\nmeas_loop_eis f r i 10m 1k 100m 13i 3\n",
        GALVANOSTAT + "meas_loop_geis f r i 10u 1k 100m 13i 0\n",
    ],
    ids=["EIS", "GEIS"],
)
def test_a_spectrum_is_the_cells_impedance_from_the_high_to_the_low_frequency(script: str) -> None:
    cell = resistor_and_capacitor()
    points = ran(script + PACKET_OF_A_SPECTRUM, cell)
    assert [point["dc"] for point in points] == pytest.approx([1000.0 * 10 ** (-k / 3) for k in range(13)], rel=1e-5)
    for point in points:
        ohms = cell.impedance(point["dc"])
        assert point["cc"] == pytest.approx(ohms.real, abs=0.005 * abs(ohms))
        assert point["cd"] == pytest.approx(ohms.imag, abs=0.005 * abs(ohms))
    assert points[-1]["cd"] < 0.0  # of a capacitor


def test_a_spectrum_takes_three_periods_of_each_frequency_and_can_be_ended_by_the_host() -> None:
    bench = VirtualTime(resistor_and_capacitor())
    bench.start(VARIABLES + GALVANOSTAT + "meas_loop_geis f r i 10u 1 10m 3i 0\n" + PACKET_OF_A_SPECTRUM + "cell_off")
    assert len(packets(bench.run(3.1))) == 1
    assert len(packets(bench.run(30.1))) == 1
    assert bench.say("Y\n") == "Y\n*\n\n"
    assert bench.cell.state == "open"


def test_a_lead_that_is_off_gives_no_impedance() -> None:
    bench = VirtualTime(resistor_and_capacitor())
    bench.instrument.lead_off = True
    bench.start(VARIABLES + GALVANOSTAT + "meas_loop_geis f r i 10u 100 100 1i 0\n" + PACKET_OF_A_SPECTRUM)
    (point,) = packets(bench.run())
    assert math.isnan(point["cc"])
    assert math.isnan(point["cd"])


@pytest.mark.parametrize(
    "script",
    [
        POTENTIOSTAT + "set_e 3\ncell_on\nmeas_loop_lsv p c 3 4 0 100m\nendloop",
        POTENTIOSTAT + "set_e 3\ncell_on\nmeas_loop_lsv p c 3 7 10m 100m\nendloop",
        POTENTIOSTAT + "set_e 7",
        POTENTIOSTAT + "set_e 3\ncell_on\nmeas_loop_eis f r i 10m 1M 1 5i 3\nendloop",
        GALVANOSTAT + "meas_loop_geis f r i 10u 1k 0 5i 0\nendloop",
        GALVANOSTAT + "meas_loop_cp p c 1u 0 5\nendloop",
        "div_var n 0",
    ],
)
def test_what_makes_no_sense_ends_the_script_with_its_line(script: str) -> None:
    bench = VirtualTime(resistor_and_capacitor())
    said = bench.start(VARIABLES + script) + bench.run(1.0)
    line = (VARIABLES + script).removesuffix("\nendloop").count("\n") + 1
    assert said.endswith(f"!4205: Line {line}\n")


def test_the_cell_is_switched_on_at_its_own_voltage() -> None:
    script = "meas 100m p ab\nset_pgstat_mode 3\nset_range ba 1m\ncell_on ocp(p)\nmeas_loop_ca p c p 100m 100m\n"
    (sample,) = ran(script + "pck_start\npck_add p\npck_add c\npck_end\nendloop\n")
    assert sample["da"] == pytest.approx(3.0, abs=1e-4)
    assert sample["ba"] == pytest.approx(0.0, abs=0.3e-6)


def test_the_range_follows_the_current_within_its_limits() -> None:
    bench = VirtualTime(resistor_and_capacitor())
    script = POTENTIOSTAT + "set_e 3100m\ncell_on\nmeas_loop_ca p c 3100m 100m 6\n" + PACKET_OF_A_RAMP
    bench.start(VARIABLES + script)
    ranges = [line[-2:] for line in bench.run().splitlines() if line.startswith("P")]
    assert list(dict.fromkeys(ranges)) == ["15", "12", "0F", "0C"]  # 1 mA, 100 µA, 10 µA, 1 µA


def test_whole_numbers_stay_whole_and_others_have_24_bits() -> None:
    script = (
        "store_var n 7i ja\ndiv_var n 2i\nstore_var t 16777216 jb\nadd_var t 1\nstore_var c 7i jc\ndiv_var c 2\n"
        "store_var p 1 jd\nmul_var p -100m\nstore_var f 7 je\nmod_var f 4\nstore_var r 3 jf\npow_var r 2\n"
        "pck_start\npck_add n\npck_add t\npck_add c\npck_add p\npck_add f\npck_add r\npck_end\n"
    )
    (told,) = ran(script)
    assert told == {"ja": 3.0, "jb": 16777216.0, "jc": 3.5, "jd": pytest.approx(-0.1), "je": 3.0, "jf": 9.0}


def test_a_sum_of_many_small_charges_is_as_good_as_24_bits_make_it() -> None:
    script = (
        GALVANOSTAT + "store_var n 0 jd\nmeas_loop_cp p c 100u 10m 100\ncopy_var c r\nmul_var r 10m\ndiv_var r 3600\n"
        "add_var n r\nendloop\nalter_vartype n jd\npck_start\npck_add n\npck_end\n"
    )
    cell = Capacitor(farad=1.0)
    (told,) = ran(script, cell)
    assert told["jd"] == pytest.approx(cell.passed, rel=5e-4)
    assert told["jd"] != cell.passed


def test_a_fast_clock_is_fast_in_all_that_it_does() -> None:
    script = GALVANOSTAT + "timer_start\nmeas_loop_cp p c 100u 500m 1\n" + PACKET_OF_A_RAMP + "cell_off"
    bench = VirtualTime(Capacitor(), clock_error=0.25)
    bench.start(VARIABLES + script)
    samples = packets(bench.run())
    assert [each["eb"] for each in samples] == [0.5, 1.0]
    assert bench.now == pytest.approx(100.8)
    assert bench.cell.passed * 3600.0 == pytest.approx(100e-6 * 0.8)


def test_nested_loops_are_left_one_by_one() -> None:
    script = (
        "store_var n 0i ja\nloop n < 3i\nloop n >= 0i\nmeas_loop_ocp p 100m 10\nif p > 0\nbreakloop\nendif\nendloop\n"
        'add_var n 1i\nif n == 2i\nbreakloop\nelseif n > 5i\nabort\nelse\nsend_string "again"\nendif\nendloop\n'
        "add_var n 2i\nendloop\npck_start\npck_add n\npck_end\n"
    )
    bench = VirtualTime(Capacitor())
    said = bench.start(VARIABLES + script).removeprefix("e\n") + bench.run()
    assert said.splitlines()[:-2] == ["L", "L", "M000B", "*", "Tagain", "M000B", "*", "+", "+"]
    assert packets(said) == [{"ja": 4.0}]


def test_a_script_can_be_silent() -> None:
    packet = "pck_start\npck_add n\npck_end\n"
    assert len(ran(f"set_script_output 0\n{packet}set_script_output 1\n{packet}")) == 1


def test_the_charge_of_each_cycle_is_kept_in_an_array() -> None:
    """As the manufacturer's example of cycling does it (MethodSCRIPT_Examples, MSExample029)."""
    script = (
        "var cycle\nvar q\narray charge 3i\nstore_var cycle 1i ja\n" + GALVANOSTAT + "loop cycle <= 2i\n"
        "meas_loop_cp p c 100u 500m 3600\ncopy_var c q\nmul_var q 500m\ndiv_var q 3600m\nadd_var charge[cycle] q\n"
        "if p > 3625m\nbreakloop\nendif\nendloop\n"
        "meas_loop_cp p c -200u 500m 3600\nif p < 2525m\nbreakloop\nendif\nendloop\n"
        'send_string f"cycle {cycle}: {charge[cycle]} mAh"\nadd_var cycle 1i\nendloop\nadd_var charge[cycle] 1\n'
    )
    bench = VirtualTime(Capacitor())
    said = bench.start(VARIABLES + script) + bench.run()
    texts = [line for line in said.splitlines() if line.startswith("T")]
    assert texts[0].startswith("Tcycle 1: 0.000")
    charges = [float(text.split()[2]) for text in texts]
    assert charges == pytest.approx([100e-6 * 6.5 / 3.6, 100e-6 * 12.0 / 3.6], rel=1e-3)  # to 3.65 V, from 2.45 V
    assert said.endswith(f"!4205: Line {(VARIABLES + script).count(chr(10))}\n")  # beyond the array


def test_measurements_come_at_equal_intervals_however_long_they_take() -> None:
    script = (
        "store_var n 0i ja\nset_int 2\ntimer_start\nloop n < 3i\nmeas_loop_ocp p 100m 500m\nendloop\ntimer_get t\n"
        "pck_start\npck_add t\npck_end\nadd_var n 1i\nawait_int\nendloop\n"
    )
    assert [each["eb"] for each in ran(script)] == pytest.approx([0.5, 2.5, 4.5])


def test_the_largest_current_is_not_too_large_for_32_bits() -> None:
    assert ran("set_pgstat_mode 6\nset_i 100m\npck_start\npck_add n\npck_end\n", Capacitor()) != []


@pytest.mark.parametrize(
    "script",
    [
        "div_var n 0",
        "store_var n 2147483647i ja\nmul_var n n\nmul_var n n\nmul_var n n\nmul_var n n\nmul_var n n\nmul_var n n",
        "store_var n 1000E ja\nmul_var n n\nmul_var n n\nmul_var n n\nmul_var n n\nfloat_to_int n",
        "store_var n -1 ja\npow_var n 500m",
        "array a 99999999",
        "array a 0",
        "array a 3\nadd_var a[3i] 1",
        "array a 3\nstore_var n -1i ja\nadd_var a[n] 1",
        "meas 1 p zz",
    ],
)
def test_what_cannot_be_reckoned_ends_the_script_and_not_the_instrument(script: str) -> None:
    bench = VirtualTime(Capacitor())
    said = bench.start(VARIABLES + script) + bench.run(2.0)
    assert said.splitlines()[-1].startswith(("!4205: Line ", "!001B: Line "))
    bench.now += 1.0
    assert bench.say("i\n").startswith("i")


@pytest.mark.parametrize(
    ("script", "overload"),
    [
        (POTENTIOSTAT + "set_e 3\ncell_on\nmeas_loop_eis f r i 100m 1k 1k 1i 3\n", False),
        (POTENTIOSTAT + "set_e 3\ncell_on\nmeas_loop_eis f r i 500m 1k 1k 1i 3\n", True),  # 1.4 mA peak into 500 Ω
        (GALVANOSTAT + "meas_loop_geis f r i 700u 1k 1k 1i 0\n", False),
        (GALVANOSTAT + "meas_loop_geis f r i 900u 1k 1k 1i 0\n", True),
        (GALVANOSTAT + "meas_loop_geis f r i 700u 50m 50m 1i 0\n", True),  # 3.2 V peak on 3 V
    ],
)
def test_a_modulation_beyond_range_or_compliance_is_an_overload(script: str, overload: bool) -> None:
    bench = VirtualTime(resistor_and_capacitor())
    said = bench.start(VARIABLES + script + PACKET_OF_A_SPECTRUM) + bench.run()
    (packet,) = [line for line in said.splitlines() if line.startswith("P")]
    assert (",12" in packet) == overload
