from pathlib import Path

import pytest
from simulated_setup import simulated_setup

from operando.sim.setup import Setup


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return simulated_setup(tmp_path)
