from pathlib import Path

import pytest
from environment.wires_process import setup as plain_setup
from sim_faults.bench import Bench

from operando.sim.setup import Setup


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return plain_setup(tmp_path, speed=1.0, capacity=0.7854)


@pytest.fixture
def bench(setup: Setup) -> Bench:
    return Bench(setup)
