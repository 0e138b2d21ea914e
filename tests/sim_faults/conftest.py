from pathlib import Path

import pytest
from sim_faults.bench import Bench
from simulated_setup import simulated_setup

from operando.sim.cell.imperfections import PERFECT
from operando.sim.setup import Setup


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return simulated_setup(tmp_path, imperfections=PERFECT)


@pytest.fixture
def bench(setup: Setup) -> Bench:
    return Bench(setup)
