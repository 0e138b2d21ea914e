"""Rows of the configuration: what cannot be meant is refused in one line; the shipped table is complete."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

import operando.configs
from operando.cli.missing import missing_facts
from operando.config import load
from operando.control.conditions import HoldsUntilReset
from operando.control.patterns import RisesFaster, Unexplained
from operando.environment.interlock_table import interlock_table
from operando.errors import ConfigurationError
from operando.vocabulary import FACTS, PressureAction

SHIPPED = Path(operando.configs.__file__).parent
TEXT = (SHIPPED / "simulated.toml").read_text()
BARE = "\n".join(part for part in TEXT.split("\n\n") if "[[interlocks]]" not in part)


@dataclass(frozen=True)
class Case:
    name: str
    says: tuple[str, ...]
    row: dict[str, str] = field(default_factory=dict)


CASES = [
    Case("unknown quantity", ("'stack_presure' is not known", "stack_pressure"), {"quantity": '"stack_presure"'}),
    Case("unknown condition", ("condition = 'over'", "'above'"), {"condition": '"over"'}),
    Case("unknown key", ("limits = 1.0", "unknown key", "limit,"), {"limits": "1.0"}),
    Case("no limit", ("watched: limit is missing", "MPa"), {"limit": ""}),
    Case("a limit for nothing", ("limit = 102", "invalid has none"), {"condition": '"invalid"'}),
    Case(
        "a rate that is not positive", ("-1 MPa/s", "more than 0 MPa/s"), {"condition": '"rate_above"', "limit": "-1.0"}
    ),
    Case("a window without a rate", ("window_s = 2", "rate_above"), {"window_s": "2.0"}),
    Case("a flag that is none", ("is for a flag", "amplifier_foreign"), {"condition": '"set"', "limit": ""}),
    Case("another quantity is meant", ("'voltage', not 'stack_pressure'",), {"condition": '"short_circuit"'}),
    Case("an alarm that acts", ("an alarm leaves current",), {"severity": '"alarm"', "current": '"open"'}),
    Case("an alarm that ends the heat", ("may freeze the ramp",), {"severity": '"alarm"', "heat": '"off"'}),
    Case("a target would trip", ("watched: limit = 99 MPa", "[pressure] high_limit_MPa is 100"), {"limit": "99.0"}),
    Case("beyond the load cell", ("watched: limit = 130 MPa", "127.3 MPa"), {"limit": "130.0"}),
    Case(
        "a cut-off would trip",
        ("limit = 3.6 V", "[programme] the voltage that it leads to, at the terminals, is 3.68"),
        {"quantity": '"voltage"', "limit": "3.6"},
    ),
    Case(
        "a cut-off would trip on the other scale",
        ("limit = 4.2 V", "[programme] the potential that it leads to, vs Li/Li+, is 4.3"),
        {"quantity": '"potential"', "limit": "4.2"},
    ),
    Case(
        "a lower cut-off would trip on the other scale",
        ("limit = 2.9 V", "[programme] the potential that it leads to, vs Li/Li+, is 2.8"),
        {"quantity": '"potential"', "condition": '"below"', "limit": "2.9"},
    ),
    Case("a name with blanks", ("name = 'too high'",), {"name": '"too high"'}),
    Case("a time that runs backwards", ("for_s = -1.0",), {"for_s": "-1.0"}),
]


def configured(folder: Path, *rows: dict[str, str]) -> Path:
    """Write the shipped endstation with these rows alone."""
    good = {
        "name": '"watched"',
        "quantity": '"stack_pressure"',
        "condition": '"above"',
        "limit": "102.0",
        "severity": '"trip"',
    }
    tables = [
        "[[interlocks]]\n" + "\n".join(f"{key} = {value}" for key, value in (good | row).items() if value)
        for row in rows
    ]
    file = folder / "some.toml"
    file.write_text("\n\n".join([BARE, *tables]))
    return file


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_row_that_cannot_be_meant_is_named_in_one_line(case: Case, tmp_path: Path) -> None:
    file = configured(tmp_path, case.row)
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{file}: ")
    for part in case.says:
        assert part in message


@pytest.mark.parametrize(
    ("quantity", "condition", "limit", "says"),
    [
        ("voltage", "above", 4.3, "watched: voltage above 4.3 V is 4.920 V vs Li/Li+ (4.300 V at the terminals)"),
        ("potential", "above", 4.92, "watched: potential above 4.92 V is 4.920 V vs Li/Li+ (4.300 V at the terminals)"),
        ("voltage", "below", 0.2, "watched: voltage below 0.2 V is 0.820 V vs Li/Li+ (0.200 V at the terminals)"),
        ("voltage", "above", 3.68, ""),
        ("potential", "above", 4.3, ""),
        ("potential", "below", 2.8, ""),
        ("voltage", "rate_above", 5.0, ""),
    ],
)
def test_a_voltage_limit_that_no_usual_electrode_meets_is_doubted_on_both_scales(
    quantity: str, condition: str, limit: float, says: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    row = {"quantity": f'"{quantity}"', "condition": f'"{condition}"', "limit": f"{limit}", "severity": '"trip"'}
    config = load(configured(tmp_path, row))
    doubted = [doubt for doubt in missing_facts(config)["doubtful"] if "scale" in doubt]
    assert len(doubted) == bool(says)
    assert all(says in doubt and doubt in caplog.text for doubt in doubted)


def test_two_rows_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'watched' is there twice"):
        load(configured(tmp_path, {}, {}))


def test_an_endstation_without_rows_watches_nothing(tmp_path: Path) -> None:
    assert interlock_table(load(configured(tmp_path))) == ()


def test_the_shipped_table_watches_every_fact_and_releases_only_on_too_much_pressure() -> None:
    table = interlock_table(load(SHIPPED / "simulated.toml"))
    compared = {"asked_current", "allowed_current", "sample_interval"}  # with what flows, and when
    assert set(FACTS) - compared <= {row.quantity for row in table}
    releasing = [row.name for row in table if row.actions.pressure is PressureAction.RELEASE]
    assert releasing == ["over_pressure", "pressure_surge"]


def test_rows_become_conditions_with_what_the_endstation_is(tmp_path: Path) -> None:
    rate = {"name": '"rate"', "condition": '"rate_above"', "limit": "3.0", "window_s": "1.5"}
    lying = {"name": '"lying"', "quantity": '"piezo_drive"', "condition": '"unexplained"', "limit": "8.0"}
    flag = {"name": '"flag"', "quantity": '"amplifier_foreign"', "condition": '"set"', "limit": ""}
    first, second, third = (row.condition for row in interlock_table(load(configured(tmp_path, rate, lying, flag))))
    assert first == RisesFaster(3.0, 1.5)
    assert isinstance(second, Unexplained)
    assert second.couplings.charge == pytest.approx(4960.0)  # MPa/(A h)
    assert isinstance(third, HoldsUntilReset)
