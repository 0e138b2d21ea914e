"""The table [sinks]: nothing by default, loopback unless said, no secret in a file that goes into every run."""

from pathlib import Path

import pytest

from operando.config import load
from operando.config.sinks import Sinks
from operando.errors import ConfigurationError

SIMULATED = Path(__file__).parents[2] / "configs" / "simulated.toml"


def loaded(tmp_path: Path, text: str) -> Sinks:
    file = tmp_path / "endstation.toml"
    file.write_text(SIMULATED.read_text() + text)
    return load(file).sinks


def test_every_sink_is_off(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == Sinks()
    assert loaded(tmp_path, "") == Sinks(tiled=None, zmq=None, icat=None)


def test_a_sink_is_switched_on_by_its_table(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[sinks.zmq]\n").zmq is not None
    tiled = loaded(tmp_path, '[sinks.tiled]\nuri = "https://tiled.example.org/api/v1"\n').tiled
    assert tiled is not None
    assert tiled.api_key_variable == "TILED_API_KEY"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost"])
def test_this_host_needs_no_permission(tmp_path: Path, host: str) -> None:
    assert loaded(tmp_path, f'[sinks.zmq]\naddress = "{host}:5577"\n').zmq is not None


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('[sinks.zmq]\naddress = "0.0.0.0:5577"', r"\[sinks.zmq\] address = '0.0.0.0:5577' is not on this host; .*"),
        ('[sinks.zmq]\naddress = "bus.example.org:5577"', "allow_remote = true permits others"),
        ('[sinks.zmq]\naddress = "10.0.0.1:5577"\nallow_remote = true', "secret_key and peer_keys are wanted"),
        ('[sinks.zmq]\nsecret_key = "ours"', "belong together"),
        ('[sinks.zmq]\naddress = "5577"', r"\[sinks.zmq\] address"),
        ('[sinks.zmq]\nprefix = "two words"', r"\[sinks.zmq\] prefix"),
        ('[sinks.tiled]\nuri = "http://tiled.example.org?api_key=secret"', r"\[sinks.tiled\] uri"),
        ('[sinks.tiled]\nuri = "http://me:secret@tiled.example.org"', r"\[sinks.tiled\] uri"),
        ('[sinks.tiled]\napi_key = "secret"', "unknown key; allowed: api_key_variable"),
        ("[sinks.icat]", "site.profile = 'esrf' is wanted, not 'lab'"),
        ('[sinks.kafka]\nbroker = "b"', "unknown key; allowed: icat, tiled, zmq"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, table: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        loaded(tmp_path, f"{table}\n")


def test_icat_is_for_esrf(tmp_path: Path) -> None:
    site = '[site]\nprofile = "esrf"\nbeamline = "bm31"\nsession = "20260301"\n'
    assert loaded(tmp_path, f"{site}[sinks.icat]\n").icat is not None


def test_another_host_is_permitted_with_keys(tmp_path: Path) -> None:
    text = '[sinks.zmq]\naddress = "10.0.0.1:5577"\nallow_remote = true\nsecret_key = "a"\npeer_keys = "b"\n'
    assert loaded(tmp_path, text).zmq is not None
