"""A start that cannot succeed gets one line, exit status 2, and leaves no process behind."""

import subprocess
import sys
from pathlib import Path

import pytest

import operando.configs
from live.conftest import Live
from operando.endstation import Root

SIMULATED = (Path(operando.configs.__file__).parent / "simulated.toml").read_text()


def up(configuration: Path, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "operando", "up", str(configuration), "--root", str(root)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def nothing_runs(root: Path) -> bool:
    return all(Root(root).owner(kind) is None for kind in ("supervisor", "sim", "environment", "recorder"))


@pytest.mark.endstation
def test_a_second_up_on_the_same_root_names_the_first(live: Live) -> None:
    supervisor = live.pid("supervisor")
    found = up(live.config.file, live.place.path)
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert f"supervisor already runs on {live.place.path} with pid {supervisor}" in found.stderr
    assert live.pid("supervisor") == supervisor


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("tolerance_MPa", "tolerence_MPa", "[pressure] tolerence_MPa = 0.05: unknown key"),
        ("capacity_N = 10000.0", 'capacity_N = "big"', "[load_cell] capacity_N = 'big'"),
        ("low_limit_C = 15.0", "low_limit_C = 150.0", "[heater] low_limit_C = 150.0 is not below high_limit_C = 100.0"),
        ('poni = "poni/simulated.poni"', 'poni = "gone.poni"', "[integration] poni = 'gone.poni'"),
    ],
)
def test_a_wrong_configuration_starts_nothing(was: str, becomes: str, says: str, tmp_path: Path) -> None:
    shipped = Path(operando.configs.__file__).parent
    for name in ("poni", "recipes", "materials"):
        (tmp_path / name).symlink_to(shipped / name)
    file = tmp_path / "wrong.toml"
    file.write_text(SIMULATED.replace(was, becomes, 1))
    found = up(file, tmp_path / "root")
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert str(file) in found.stderr
    assert says in found.stderr
    assert nothing_runs(tmp_path / "root")


def test_a_missing_serial_port_starts_nothing(tmp_path: Path) -> None:
    shipped = Path(operando.configs.__file__).parent
    for name in ("poni", "recipes", "materials"):
        (tmp_path / name).symlink_to(shipped / name)
    real = SIMULATED[: SIMULATED.index("[simulation]")].replace('"sim/', '"/dev/operando-')
    file = tmp_path / "real.toml"
    file.write_text(real)
    found = up(file, tmp_path / "root")
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert f"{file}: [load_cell] port = '/dev/operando-load_cell': no such serial port" in found.stderr
    assert nothing_runs(tmp_path / "root")
