"""A second cell in the configuration: compiled for itself, guarded like the first, and never mixed up with it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from channels.two_cells import CHANNEL, configured

from operando.config import load
from operando.config.channels import serial_ports
from operando.config.interlocks import unguarded
from operando.control.cell_conditions import LeadOff
from operando.control.conditions import Above
from operando.environment.interlock_table import interlock_table
from operando.errors import ConfigurationError
from operando.vocabulary import Limit

OVER = """
[[interlocks]]
name = "over_voltage_b"
quantity = "voltage_b"
condition = "above"
limit = 3.5
for_samples = 2
severity = "trip"
current = "open"
"""


@dataclass(frozen=True)
class Case:
    name: str
    says: tuple[str, ...]
    changes: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = (CHANNEL,)
    rows: str = ""


CASES = [
    Case("two of one name", ("name = 'B' is there twice",), channels=(CHANNEL, CHANNEL)),
    Case("a small letter", ("[channels.0] name = 'b'",), (('name = "B"', 'name = "b"'),)),
    Case("a name that is a quantity", ("step_time is a quantity",), (('name = "B"', 'name = "TIME"'),)),
    Case(
        "one line for two",
        ("B: potentiostat.port = 'sim/potentiostat' is the port of [potentiostat], too",),
        (("sim/potentiostat_b", "sim/potentiostat"),),
    ),
    Case(
        "a current beyond the range",
        ("channel B: ", "step 2 (charge) current_A is 200 mA", "100 mA"),
        (("= 0.02", "= 0.2"),),
    ),
    Case(
        "a potential without a scale",
        ("[channels.0.programme] step 2 (charge) until_voltage_above",),
        (('{ value_V = 4.3, scale = "Li/Li+" }\n\n[detector]', "{ value_V = 4.3 }\n\n[detector]"),),
    ),
    Case(
        "a temperature that nobody measures",
        ("channel B: step 1 (before) waits for a temperature", "heater"),
        (("until_time_s = 1.0", "until_time_s = 1.0\nuntil_temperature_above_C = 40.0"),),
    ),
    Case(
        "an interlock of no channel",
        ("over_voltage_b: quantity = 'voltage_b': there is no channel 'B'",),
        channels=(),
        rows=OVER,
    ),
    Case(
        "an interlock that trips on what the programme does",
        ("over_voltage_b: limit = 3.5 V would trip", "channel B: programme: the voltage that it leads to", "3.68"),
        rows=OVER,
    ),
    Case(
        "every cell has no stack pressure",
        ("every_cell = true is for a row that names the main cell's quantity",),
        (('name = "contact_lost"', 'name = "contact_lost"\nevery_cell = true'),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_cannot_be_meant_is_told_in_one_line(case: Case, tmp_path: Path) -> None:
    file = configured(tmp_path, *case.changes, channels=case.channels, rows=case.rows)
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{file}: ")
    for part in case.says:
        assert part in message


def test_each_programme_is_compiled_for_its_own_cell(tmp_path: Path) -> None:
    other = CHANNEL.replace('"B"', '"C"').replace("potentiostat_b", "potentiostat_c").replace("_V = 0.62", "_V = 0.0")
    higher = OVER.replace("_b", "_c").replace("3.5", "4.5")  # against lithium it goes to 4.3 V at the terminals
    config = load(configured(tmp_path, channels=(CHANNEL, other), rows=higher))
    ends = {name: each.steps[-1].ends for name, each in config.compiled_programmes().items()}
    volts = {name: next(end.value for end in each if end.limit is Limit.VOLTAGE) for name, each in ends.items()}
    assert volts == pytest.approx({"": 2.18, "B": 3.68, "C": 4.3})


def test_a_row_for_every_cell_guards_the_second_one_by_its_own_readings(tmp_path: Path) -> None:
    table = {row.name: row for row in interlock_table(load(configured(tmp_path)))}
    assert {name for name, row in table.items() if row.cell == "B"} == {
        "lead_off_b", "short_circuit_b", "short_circuit_at_held_voltage_b", "overload_b", "over_voltage_b",
        "under_voltage_b", "cell_silent_b",
    }  # fmt: skip
    assert table["lead_off_b"].condition == LeadOff(0.5, "B")
    assert table["lead_off"].cell == ""
    assert table["over_pressure"].cell is None
    assert table["cell_silent_b"].quantity == "current_b"


def test_every_port_is_looked_for(tmp_path: Path) -> None:
    ports = serial_ports(load(configured(tmp_path)))
    assert ports["[[channels]] B: potentiostat"] == "sim/potentiostat_b"
    assert len(ports) == 5


def test_a_row_of_the_cell_s_own_takes_the_place_of_the_one_for_every_cell(tmp_path: Path) -> None:
    table = {row.name: row for row in interlock_table(load(configured(tmp_path, rows=OVER.replace("3.5", "3.7"))))}
    assert table["over_voltage"].condition == Above(3.78, doubtful=True)
    assert table["over_voltage_b"].condition == Above(3.7, doubtful=True)


def test_a_limit_for_every_cell_that_trips_on_what_one_of_them_does_is_refused(tmp_path: Path) -> None:
    other = CHANNEL.replace("_V = 0.62", "_V = 0.0")
    with pytest.raises(
        ConfigurationError, match=r"over_voltage_b: limit = 3\.78 V would trip .* channel B: .* is 4\.3"
    ):
        load(configured(tmp_path, channels=(other,)))


def test_a_cell_that_nothing_opens_at_too_high_a_voltage_is_named(tmp_path: Path) -> None:
    assert unguarded(load(configured(tmp_path))) == []
    alone = "for_samples = 2\nevery_cell = true\nseverity", "for_samples = 2\nseverity"
    assert unguarded(load(configured(tmp_path, alone))) == [
        "[[interlocks]] no row opens channel B for too high a voltage, too low a voltage, a potentiostat that is silent"
    ]
