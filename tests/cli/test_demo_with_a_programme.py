"""``operando demo --programme``: any shipped cell programme, as much faster as the simulated cell."""

from pathlib import Path

import pytest
import typer.testing

import operando.configs
from operando.cli import app
from operando.cli.demo_configuration import write_configuration
from operando.config import load
from operando.vocabulary import Loop

PROGRAMMES = sorted((Path(operando.configs.__file__).parent / "programmes").glob("*.toml"))


@pytest.mark.parametrize("programme", PROGRAMMES, ids=lambda path: path.stem)
def test_a_shipped_programme_fits_the_simulated_cell_at_its_highest_speed(programme: Path, tmp_path: Path) -> None:
    config = load(write_configuration(tmp_path / "demo", 250.0, 1, None, None, None, None, programme))
    assert config.compiled_programme().steps


def test_its_loops_are_its_own_unless_cycles_are_asked_for(tmp_path: Path) -> None:
    (programme,) = (path for path in PROGRAMMES if path.stem == "nmc811_cc_cv_eis")
    passes = []
    for cycles in (None, 2):
        config = load(write_configuration(tmp_path / str(cycles), 250.0, 1, cycles, None, None, None, programme))
        (loop,) = config.compiled_programme().parts
        assert isinstance(loop, Loop)
        passes.append(loop.passes)
    assert passes == [3, 2]


def test_a_programme_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = typer.testing.CliRunner().invoke(app, ["demo", "--programme", str(tmp_path / "none.toml")])
    assert done.exit_code == 2
