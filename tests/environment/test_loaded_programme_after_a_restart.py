"""Programmes that were loaded or interrupted, after a restart of the service: for the cell that is mounted now."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from environment.talking_potentiostat import PROGRAMME, Bench

from operando.environment.cell.recollection import Recollection, recollection
from operando.history import EnvironmentHistory
from operando.vocabulary import CellProgramme, Position, ProgrammeState

OTHER = replace(PROGRAMME, name="other", hash="other")


def loaded(programme: CellProgramme) -> Bench:
    """Return a runner for which somebody has loaded a programme."""
    bench = Bench(compiling={"text": programme})
    assert bench.tell("load", "text") == ""
    return bench


def restarted(
    bench: Bench, folder: Path, compiling: dict[str, CellProgramme], cell: str = "cell 1", **facts: str
) -> Bench:
    """Return a runner that knows what the memory of the one before held."""
    found = json.loads(json.dumps({**bench.runner.facts(), **facts}))
    with closing(EnvironmentHistory(folder)) as history:
        return Bench(recollection(found, history, cell), compiling=compiling)


def started(bench: Bench) -> CellProgramme:
    bench.start()
    return bench.potentiostat.started[-1][0]


def test_it_stays_until_the_configuration_has_another(tmp_path: Path) -> None:
    bench = loaded(OTHER)
    assert started(restarted(bench, tmp_path, bench.compiling)).name == "other"
    assert started(restarted(bench, tmp_path, bench.compiling, in_place_of="an older one")) == PROGRAMME


def test_it_is_compiled_anew_for_the_cell_that_is_mounted_now(tmp_path: Path) -> None:
    """A limit vs Li/Li+ for the counter electrode of the cell before would overcharge this one by 0.6 V."""
    bench = loaded(replace(OTHER, counter_electrode_potential=0.0))
    again = restarted(bench, tmp_path, {"text": replace(OTHER, counter_electrode_potential=0.62)})
    assert started(again).counter_electrode_potential == 0.62


def test_where_it_does_not_fit_any_more_it_is_dropped_and_somebody_told(tmp_path: Path) -> None:
    again = restarted(loaded(OTHER), tmp_path, {})
    assert [note for note in again.notes if "'other' was loaded, and is not any more" in note]
    assert started(again) == PROGRAMME


@pytest.mark.parametrize("interrupted_by", ["stop", "pause"])
def test_an_interrupted_programme_does_not_go_on_with_another_cell(tmp_path: Path, interrupted_by: str) -> None:
    """Its currents and voltages are those of the cell that it was compiled for."""
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    assert bench.tell(interrupted_by) == ""
    same, other = (restarted(bench, tmp_path, {PROGRAMME.source: PROGRAMME}, cell) for cell in ("cell 1", "cell 2"))
    assert "no programme was interrupted" in other.tell("resume")
    assert not other.potentiostat.started
    assert same.tell("resume") == ""


def test_what_was_interrupted_goes_on_only_where_it_means_the_same(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    assert bench.tell("stop") == ""
    same = restarted(bench, tmp_path, {PROGRAMME.source: PROGRAMME})
    assert same.tell("resume") == ""
    heavier = replace(PROGRAMME, counter_electrode_potential=0.0)
    for compiling in ({PROGRAMME.source: heavier}, dict[str, CellProgramme]()):
        other = restarted(bench, tmp_path, compiling)
        assert "no programme was interrupted" in other.tell("resume")
        assert "cannot be resumed" in other.notes[0]


def test_a_loaded_programme_takes_the_place_of_one_that_was_interrupted(tmp_path: Path) -> None:
    bench = Bench()
    bench.start()
    bench.begin()
    bench.sample(1, 0.1)
    bench.step()
    assert bench.tell("stop") == ""
    bench.compiling["other"] = replace(PROGRAMME, name="other", hash="other")
    assert bench.tell("load", "other") == ""
    assert "no programme was interrupted" in bench.tell("resume")


def test_what_was_interrupted_is_not_resumed_where_only_its_position_is_remembered() -> None:
    bench = Bench(Recollection(ProgrammeState.STOPPED, stands=Position(passes=(1,), step=2, run=2)))
    assert "is not known any more; nothing is resumed" in bench.tell("resume")
    assert not bench.potentiostat.started
