"""``operando check`` and ``operando status`` say what nobody has written down, while somebody can still be asked."""

import json
from pathlib import Path
from typing import Any

import pytest
from metadata.described_run import SHIPPED, bare, configured, without

from operando.cli.check import check
from operando.cli.missing import missing_facts, say_what_runs_are_refused_for
from operando.config import load
from operando.endstation import Register, Root


def checked(file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, list[str]]:
    check(file, json=True)
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_check_lists_what_runs_are_refused_for_and_what_else_is_not_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = checked(configured(tmp_path, bare), capsys)
    assert [fact.partition(" (")[0] for fact in said["runs_refused_for"]] == [
        "[cell] assembly_pressure_MPa",
        "[load_cell] tare_time",
        "[load_cell] calibrated_on",
    ]
    assert {"[sample] name (which specimen this is)", "[people] (who knows more)"} <= set(said["not_said"])
    assert any(fact.startswith("[cell] layers") for fact in said["not_said"])


def test_the_shipped_configuration_lacks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    said = checked(SHIPPED / "simulated.toml", capsys)
    assert (said["runs_refused_for"], said["not_said"], said["doubtful"]) == ([], [], [])


def test_a_limit_that_nothing_is_compared_with_is_doubtful(tmp_path: Path) -> None:
    def change(document: Any) -> None:
        document["quality"].update(beam_off_below_mA=1.0, saturated_pixels_above=0)
        document["detector"]["family"] = "eiger"
        document["integration"]["recipe"] = "plain.toml"
        for name in ("monitor", "ring_current"):
            del document["detector"][f"{name}_attribute"]

    (tmp_path / "plain.toml").write_text('npt = 100\nunit = "q_nm^-1"\n')
    assert missing_facts(load(configured(tmp_path, change)))["doubtful"] == [
        "[quality] beam_off_below_per_s = 1000 is never reached: [detector] has no monitor_attribute",
        "[quality] beam_off_below_mA = 1 is never reached: [detector] has no ring_current_attribute",
        "[quality] spottiness_above = 1 is never reached: the recipe has no error_model",
        "[quality] saturated_pixels_above = 0 is never reached: the recipe has no saturation",
    ]


def test_who_is_not_at_work_yet_reads_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check(configured(tmp_path, without(("load_cell", "tare_time"))))
    assert "runs_refused_for  [load_cell] tare_time (when" in capsys.readouterr().out


def test_status_says_why_the_running_endstation_would_refuse_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Root(tmp_path / "root")
    file = configured(tmp_path, without(("load_cell", "tare_time")))
    Register(place).configure(file)
    say_what_runs_are_refused_for(place)
    said = capsys.readouterr()
    assert "[load_cell] tare_time" in said.err
    assert str(file) in said.err
    assert said.out == ""  # left to the report, which scripts read
    Register(place).configure(SHIPPED / "simulated.toml")
    say_what_runs_are_refused_for(place)
    assert capsys.readouterr().err == ""
