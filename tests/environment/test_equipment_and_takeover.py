"""What a service needs before it starts: its lines, and what the one before it left in the log."""

import os
import tty
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import operando.configs
from operando.config import load
from operando.environment.cell.recollection import LastCount, last_count
from operando.environment.equipment import open_equipment
from operando.errors import ConfigurationError
from operando.history import EnvironmentHistory, EnvironmentLog
from operando.vocabulary import Reading

CONFIG = load(Path(operando.configs.__file__).parent / "simulated.toml")
NOW = 1_790_000_000_000_000_000


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Path]:
    """A root with four serial lines that nobody answers."""
    (tmp_path / "sim").mkdir()
    ends: list[int] = []
    for name in ("load_cell", "piezo", "heater", "potentiostat"):
        controller, terminal = os.openpty()
        tty.setraw(terminal)
        (tmp_path / "sim" / name).symlink_to(os.ttyname(terminal))
        ends += [controller, terminal]
    yield tmp_path
    for end in ends:
        os.close(end)


@pytest.mark.parametrize("table", ["load_cell", "piezo", "heater", "potentiostat"])
def test_a_missing_port_is_named_in_one_line(lines: Path, table: str) -> None:
    (lines / "sim" / table).unlink()
    with pytest.raises(ConfigurationError) as refused:
        open_equipment(CONFIG, lines)
    text = str(refused.value)
    assert "\n" not in text
    assert text.startswith(f"{CONFIG.file}: [{table}] port = 'sim/{table}': {lines}/sim/{table}: no such serial port;")


@pytest.mark.parametrize("table", ["load_cell", "piezo", "heater", "potentiostat"])
def test_a_file_that_is_no_serial_port_is_named_in_one_line(lines: Path, table: str) -> None:
    (lines / "sim" / table).unlink()
    (lines / "sim" / table).write_text("not a device")
    with pytest.raises(ConfigurationError) as refused:
        open_equipment(CONFIG, lines)
    text = str(refused.value)
    assert "\n" not in text
    assert text.startswith(f"{CONFIG.file}: [{table}] port = 'sim/{table}': ")
    assert text.endswith("a serial port that no other program has open is wanted")


def test_the_count_of_charge_is_found(tmp_path: Path) -> None:
    with closing(EnvironmentHistory(tmp_path)) as history:
        assert last_count(history) is None
    log = EnvironmentLog(tmp_path)
    for name, value in {"charge": 1e-3, "current": 0.1, "cycle": 2.0, "run": 7.0, "step_charge": 1e-4}.items():
        log.append(name, Reading(value, NOW))
    log.close()
    with closing(EnvironmentHistory(tmp_path)) as history:
        assert last_count(history) == LastCount(1e-3, 0.1, 7, 1e-4, 2, NOW)
