"""A run whose stack pressure nobody could use is refused, unless the user says why."""

from pathlib import Path
from typing import Any

import pytest
from metadata.described_run import Engine, configured, engine, without

from operando.errors import RunRefused

NEEDED = (("cell", "assembly_pressure_MPa"), ("load_cell", "tare_time"), ("load_cell", "calibrated_on"))
REASON = "the cell came without papers"


def refusal(endstation: Engine, **keywords: Any) -> str:
    with pytest.raises(RunRefused) as caught:
        endstation.run(**keywords)
    assert endstation.starts == []
    assert endstation.engine.state == "idle"
    return str(caught.value)


@pytest.mark.parametrize("key", NEEDED, ids=".".join)
def test_each_key_is_needed_and_named_with_its_place(key: tuple[str, str], tmp_path: Path) -> None:
    file = configured(tmp_path, without(key))
    with engine(file) as endstation:
        message = refusal(endstation)
    assert f"[{key[0]}] {key[1]} (" in message
    assert [other for other in NEEDED if other != key and other[1] in message] == []
    assert str(file) in message
    assert 'RE(…, no_stack_pressure="why")' in message
    assert "[cell] no_stack_pressure_reason" in message
    assert "\n" not in message


def test_all_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    with engine(configured(tmp_path, without(*NEEDED))) as endstation:
        message = refusal(endstation)
    assert all(key in message for _, key in NEEDED)


def test_who_says_why_may_run_and_the_reason_is_kept(tmp_path: Path) -> None:
    with engine(configured(tmp_path, without(*NEEDED))) as endstation:
        start = endstation.run(no_stack_pressure=REASON)
    assert start["cell"]["no_stack_pressure_reason"] == REASON


def test_the_reason_can_be_configured(tmp_path: Path) -> None:
    def change(document: Any) -> None:
        without(*NEEDED)(document)
        document["cell"]["no_stack_pressure_reason"] = REASON

    with engine(configured(tmp_path, change)) as endstation:
        assert endstation.run()["cell"]["no_stack_pressure_reason"] == REASON


@pytest.mark.parametrize("excuse", ["", "unknown", 7])
def test_one_word_is_no_reason(excuse: object, tmp_path: Path) -> None:
    with engine(configured(tmp_path, without(*NEEDED))) as endstation:
        assert "no_stack_pressure_reason" in refusal(endstation, no_stack_pressure=excuse)


def test_the_pressure_of_the_assembly_can_be_given_with_the_run(tmp_path: Path) -> None:
    with engine(configured(tmp_path, without(NEEDED[0]))) as endstation:
        start = endstation.run(cell={"assembly_pressure_MPa": 380})
    assert start["cell"]["assembly_pressure_MPa"] == 380.0


def test_the_tare_cannot_be_given_with_the_run(tmp_path: Path) -> None:
    """The service computes the uncertainty with it: a keyword would contradict what is in the log."""
    with engine(configured(tmp_path, without(NEEDED[1]))) as endstation:
        assert "tare_time" in refusal(endstation, load_cell={"tare_time": "2026-10-01"})


def test_a_complete_run_says_nothing_of_reasons() -> None:
    with engine() as endstation:
        cell = endstation.run()["cell"]
    assert "no_stack_pressure_reason" not in cell
