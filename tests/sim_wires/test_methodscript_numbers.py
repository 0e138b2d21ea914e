"""Numbers and scripts as the MethodSCRIPT manual and PalmSens' own examples write them."""

import math

import pytest

from operando.sim.wires.methodscript_packet import PREFIXES, Variable, number
from operando.sim.wires.methodscript_parser import ScriptError, literal, parse


@pytest.mark.parametrize(
    ("value", "packed"),
    [(0.01, "800000Am"), (-0.01, "7FFFFF6m"), (-0.499905, "7F85F3Fu"), (-57.847747e-6, "48D503Dp"), (0.0, "8000000 ")],
)
def test_the_manuals_own_numbers(value: float, packed: str) -> None:
    assert number(value) == packed


def test_integers_and_what_is_no_number() -> None:
    assert Variable(3.0, "ja", integer=True).packed() == "ja8000003i"
    assert number(math.nan) == "     nan"


def test_fields_stand_behind_the_number() -> None:
    assert Variable(-57.847747e-6, "ba", fields=",10,288").packed() == "ba48D503Dp,10,288"


@pytest.mark.parametrize("value", [1e-15, 3.3e-9, -196e-6, 0.049, 3.68, -2.1799999, 7200.0, 1.2e8])
def test_nothing_of_a_number_is_lost_on_the_way(value: float) -> None:
    text = number(value)
    assert (int(text[:7], 16) - 2**27) * 10.0 ** PREFIXES[text[7]] == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "value"),
    [("3680m", 3.68), ("-196u", -196e-6), ("1i", 1.0), ("0x0F", 15.0), ("36000", 36000.0), ("2k", 2e3)],
)
def test_numbers_of_a_script_are_integers_with_a_prefix(text: str, value: float) -> None:
    assert literal(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["fly"], "4001: Line 1, Col 1"),
        (["var a", "var a"], "4026: Line 2, Col 5"),
        (["var a", "array a 3"], "4026: Line 2, Col 7"),
        (["var a]"], "4004: Line 1, Col 5"),
        (["array a 3", "pck_add a"], "420B: Line 2, Col 9"),
        (["array a 3", "pck_add a[b]"], "420B: Line 2, Col 9"),
        (["var a", "add_var a b"], "420B: Line 2, Col 11"),
        (["set_i 1.5m"], "4004: Line 1, Col 7"),
        (["set_i 99999999999"], "4005: Line 1, Col 7"),
        (["set_i"], "4007: Line 1, Col 6"),
        (["cell_on 1"], "4004: Line 1, Col 9"),
        (["var a", "loop a < 3i", "cell_off"], "4018: Line 3, Col 1"),
        (["var a", "if a < 3i", "cell_off"], "4018: Line 3, Col 1"),
        (["endloop"], "4001: Line 1, Col 1"),
        (["breakloop"], "4001: Line 1, Col 1"),
        (["# " + "x" * 300], "4005: Line 1, Col 255"),
    ],
)
def test_a_script_that_cannot_be_is_refused_with_the_place(lines: list[str], error: str) -> None:
    with pytest.raises(ScriptError, match=error):
        parse(lines)


def test_blocks_nest() -> None:
    script = parse(
        "var a\nloop a < 2i # twice\nif a == 0i\nadd_var a 1i\nelseif a == 1i\nadd_var a 1i\nelse\nabort\nendif\n"
        "endloop\non_finished:\ncell_off".splitlines()
    )
    (loop,) = (statement for statement in script.body if statement.name == "loop")
    (condition,) = loop.body
    assert [statement.name for statement in condition.body] == ["add_var"]
    (nested,) = condition.otherwise
    assert [statement.name for statement in nested.otherwise] == ["abort"]
    assert [statement.name for statement in script.on_finished] == ["cell_off"]
