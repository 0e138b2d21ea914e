"""One source on two cells, and on one that is mounted anew: the file has for each what the instrument was given."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_programme import CHARGE, HASH, PROGRAMME
from recorder.made_run import MadeRun, at

from operando.history import EnvironmentHistory, EnvironmentLog, KeptProgramme, RealisedStep
from operando.recorder.cell_programme import write_cell_programmes
from operando.recorder.run import Run
from operando.vocabulary import CellProgramme, plain, plain_step

LITHIUM = replace(PROGRAMME, counter_electrode_potential=0.0)
ALLOY = replace(PROGRAMME, counter_electrode_potential=0.62)
OTHER_ALLOY = replace(PROGRAMME, counter_electrode_potential=0.31)
END = 30.0
"""s from the start of the run."""


def keep_start(log: EnvironmentLog, cell: str, programme: CellProgramme, begun: float) -> None:
    """Log two steps of 5 s; that the instrument had started was known a little later than the first began."""
    text = json.dumps(plain(programme))
    log.keep(KeptProgramme(cell=cell, begun_ns=at(begun + 0.05), hash=HASH, text=text))
    for run in (1, 2):
        step = RealisedStep(
            cell=cell,
            begun_ns=at(begun + 5 * (run - 1)),
            ended_ns=at(begun + 5 * run),
            programme=HASH,
            run=run,
            cycle=1,
            half_cycle=1,
            step=1,
            name="charge",
            kind=CHARGE.kind,
            limits=json.dumps(plain_step(CHARGE)),
            how="voltage >= 3.68 V",
            voltage=3.0,
        )
        log.keep(step)


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[h5py.Group]:
    made = MadeRun(tmp_path, frames=0)
    channel = {"name": "B", "cell": {"counter_electrode_potential_V": 0.0}}
    made.documents[0][1]["operando"]["configuration"]["channels"] = [channel]
    log = EnvironmentLog(tmp_path / "environment")
    keep_start(log, "", ALLOY, 0.0)
    keep_start(log, "B", LITHIUM, 1.0)
    keep_start(log, "", OTHER_ALLOY, 12.0)
    log.close(at(END))
    history = EnvironmentHistory(tmp_path / "environment")
    with h5py.File(tmp_path / "made.nxs", "w") as file:
        write_cell_programmes(file, Run.from_start(made.documents[0][1]), history, at(END))
        yield file
    history.close()


@pytest.mark.parametrize(
    ("place", "counters"), [("cell_programme", [0.62, 0.62, 0.31, 0.31]), ("cell_programme_b", [0.0, 0.0])]
)
def test_each_step_has_the_potentials_of_its_own_cell(
    environment: h5py.File, place: str, counters: list[float]
) -> None:
    steps = environment[place]["steps"]
    np.testing.assert_allclose(steps["potential"][()] - steps["voltage"][()], counters)
    limits = steps["potentials"]
    np.testing.assert_allclose(limits["against_lithium"][()] - limits["at_terminals"][()], counters)


def test_each_start_has_the_programme_that_was_compiled_for_it(environment: h5py.File) -> None:
    def counters(place: str) -> list[float]:
        group = environment[place]
        return [group[name]["counter_electrode_potential"][()] for name in group if name.startswith("programme_")]

    assert counters("cell_programme") == [0.62, 0.31]
    assert counters("cell_programme_b") == [0.0]
