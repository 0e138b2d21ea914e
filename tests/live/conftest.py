"""One simulated endstation for all live tests: real wires, real records, real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tomlkit
from cell_programmes import one_cycle
from waiting import wait_until

from operando.cli.demo_configuration import write_configuration
from operando.cli.down import take_down
from operando.config import Endstation, load
from operando.endstation import Register, Root, bring_up, client_environment
from operando.history import EnvironmentHistory

SPEED = 250.0
CAPACITY = 0.3142
"""mA h: 0.4 mA h/cm² on 10 mm, so that a charge takes 12 s at 98 mA."""
CURRENT = 0.098
SAFETY = {
    "upper_voltage": {"value_V": 4.4, "scale": "Li/Li+"},
    "lower_voltage": {"value_V": 2.6, "scale": "Li/Li+"},
    "delay_s": 2.0,
}


@dataclass
class Live:
    """A running endstation, and what tests ask of it."""

    place: Root
    config: Endstation
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def journals(self) -> Path:
        return self.place.path / "journal"

    def pid(self, kind: str) -> int:
        owner = self.place.owner(kind)
        assert owner is not None, f"{kind} does not run: {Register(self.place).status()}"
        return owner

    def environment(self) -> dict[str, str]:
        """Variables of a client process."""
        return {
            **os.environ,
            **client_environment(self.place.path),
            "OPERANDO_CONFIG": str(self.config.file),
            "OPERANDO_ROOT": str(self.place.path),
        }

    def start_python(self, code: str) -> subprocess.Popen[str]:
        """Start a client process; it is ended with the test."""
        child = subprocess.Popen(
            [sys.executable, "-c", code],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.children.append(child)
        return child

    def end_children(self) -> None:
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
            child.communicate()
        self.children.clear()

    def history(self) -> EnvironmentHistory:
        return EnvironmentHistory(self.place.path / "environment")

    def last_cell_sample_ns(self) -> int:
        """UTC, ns: the newest sample of the running cell programme."""
        history = self.history()
        try:
            last = history.last("voltage")
        finally:
            history.close()
        return last.time_ns if last else 0

    def wait_for_idle_cell(self) -> None:
        """Wait for the programme of an earlier test to end: a second one is refused while it runs."""
        wait_until(lambda: time.time_ns() - self.last_cell_sample_ns() > 3e9, 90, "the cell to be idle")


@pytest.fixture(scope="package")
def _endstation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("endstation")
    configuration = write_configuration(folder / "configuration", SPEED, 1, 1, None, None, None)
    document = tomlkit.parse(configuration.read_text())
    document["cell"]["nominal_capacity_mAh"] = CAPACITY
    document["cell"].update(active_mass_mg=CAPACITY / 0.2, loading_mg_per_cm2=CAPACITY / 0.2 / 0.7854)  # 200 mA h/g
    document["programme"] = one_cycle(CURRENT, safety=SAFETY)
    configuration.write_text(tomlkit.dumps(document))
    place = Root(folder / "root")
    supervisor = bring_up(place, configuration)
    live = Live(place, load(configuration))
    try:
        yield live
    finally:
        live.end_children()
        take_down(place)
        assert supervisor.wait(10) == 0
        assert all(place.owner(kind) is None for kind in ("sim", "environment", "recorder"))


@pytest.fixture
def live(_endstation: Live) -> Iterator[Live]:
    """The shared endstation; whatever clients the test started are ended."""
    try:
        yield _endstation
    finally:
        _endstation.end_children()
