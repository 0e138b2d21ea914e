"""The table ``[site]``: what it wants, and how it says so."""

from pathlib import Path

import pytest
from recorder.made_run import CONFIGS

from operando.config import load
from operando.errors import ConfigurationError

SIMULATED = (CONFIGS / "simulated.toml").read_text()
ESRF = '[site]\nprofile = "esrf"\nbeamline = "bm31"\nsession = "20260301"\n'


def written(tmp_path: Path, table: str) -> Path:
    file = tmp_path / "endstation.toml"
    file.write_text(f"{SIMULATED}\n{table}")
    return file


def test_without_a_site_it_is_a_laboratory() -> None:
    assert load(CONFIGS / "simulated.toml").site.profile == "lab"


def test_a_site_is_read(tmp_path: Path) -> None:
    assert load(written(tmp_path, ESRF)).site.beamline == "bm31"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ('[site]\nprofile = "aps"\n', ("[site] profile", "'aps'", "'petra'")),
        ('[site]\nprofile = "esrf"\n', ("beamline: missing", "beamline, session")),
        (ESRF + "fio = true\n", ("fio: not a key of profile = 'esrf'", "beamline, session")),
        ('[site]\nsession = "20260301"\n', ("session: not a key of profile = 'lab'", "none")),
        (ESRF.replace("20260301", "20261301"), ("session = '20261301'", "20260301")),
        (ESRF.replace("20260301", "2026-03-01"), ("session = '2026-03-01'",)),
        (ESRF.replace("bm31", "BM 31"), ("beamline = 'BM 31'", "bm31")),
        (ESRF.replace("bm31", "../bm31"), ("beamline = '../bm31'",)),
        ('[site]\nprofile = "petra"\nroots = []\n', ("[site] roots", "at least 1")),
        ('[site]\nprofile = "petra"\nbeamtime_id = "../11"\n', ("'../11' is no name of a folder",)),
    ],
)
def test_a_wrong_site_is_named_in_one_line(tmp_path: Path, table: str, says: tuple[str, ...]) -> None:
    file = written(tmp_path, table)
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(file))
    for words in says:
        assert words in message


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ('"SIM-0001"', '"../.."', ("proposal '../..'", "MA-6543")),
        ('"simulated-NMC811-01"', '"NMC811 | LPSC"', ("[sample] name 'NMC811 | LPSC'", "'|' is not allowed at esrf")),
        ('"simulated-NMC811-01"', '".."', ("[sample] name '..'", "'.' at the start is not allowed at esrf")),
    ],
)
def test_what_files_are_named_after_must_be_a_name_at_the_site(
    tmp_path: Path, was: str, becomes: str, says: tuple[str, ...]
) -> None:
    file = tmp_path / "endstation.toml"
    assert was in SIMULATED
    file.write_text(f"{SIMULATED.replace(was, becomes)}\n{ESRF}")
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    for words in says:
        assert words in str(caught.value)
    file.write_text(SIMULATED.replace(was, becomes))
    assert load(file).site.profile == "lab", "a laboratory may call things as it likes"
