"""``operando check`` shows what the instrument will be told, each potential on both scales."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import operando.configs
from operando.cli import app

SIMULATED = Path(operando.configs.__file__).parent / "simulated.toml"


@pytest.fixture
def root(tmp_path: Path) -> list[str]:
    return ["--root", str(tmp_path / "root")]


def test_people_see_a_table(root: list[str]) -> None:
    said = CliRunner().invoke(app, ["check", str(SIMULATED), *root])
    assert said.exit_code == 0, said.output
    assert "cell programme: NMC811, C/4 (SHA-256 " in said.output
    assert "1  charge     1       charge with 196.4 µA (50 mA/g, 0.25 C)" in said.output
    assert "≥ 4.300 V vs Li/Li+ (3.680 V at the terminals) or 36000 s" in said.output
    assert "safety: ends at open circuit below 2.600 V vs Li/Li+ (1.980 V at the terminals) for 2 s" in said.output


def test_programs_see_json(root: list[str]) -> None:
    said = CliRunner().invoke(app, ["check", str(SIMULATED), "--json", *root])
    programme = json.loads(said.stdout.splitlines()[-1])["programmes"]["main"]
    assert [step["name"] for step in programme["steps"]] == ["charge", "discharge"]
    first = programme["potentials"][0]
    assert first["what"] == "until_voltage_above"
    assert (first["at_terminals"], first["against_lithium"]) == pytest.approx((3.68, 4.3))
