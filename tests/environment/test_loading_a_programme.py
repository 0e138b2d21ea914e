"""A programme that is loaded while the service runs is judged as that of the configuration is."""

from pathlib import Path

import pytest

import operando.configs
from operando.config import load
from operando.environment.loading import compiler
from operando.errors import RequestRefused

FOLDER = Path(operando.configs.__file__).parent
CONFIG = load(FOLDER / "simulated.toml")


def test_a_programme_that_fits_is_compiled_with_its_text_and_hash() -> None:
    text = (FOLDER / "programmes" / "nmc811_cc_cv_eis.toml").read_text()
    found = compiler(CONFIG, "")(text)
    assert (found.name, found.source) == ("NMC811, CC-CV and impedance", text)
    assert len(found.hash) == 64


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        (', scale = "Li/Li+"', "", "scale"),
        ('name = "NMC811, CC-CV and impedance"', "name = ", "TOML"),
        ("value_V = 4.3,", "value_V = 4.6,", "over_voltage"),
    ],
    ids=["a potential without a scale", "no TOML", "beyond an interlock"],
)
def test_one_that_does_not_is_refused_and_nothing_is_loaded(was: str, becomes: str, words: str) -> None:
    text = (FOLDER / "programmes" / "nmc811_cc_cv_eis.toml").read_text()
    text = text.replace("upper_voltage = { value_V = 4.4", "upper_voltage = { value_V = 4.8")
    with pytest.raises(RequestRefused) as refused:
        compiler(CONFIG, "")(text.replace(was, becomes))
    assert words in str(refused.value)
    assert "nothing was loaded" in str(refused.value)


def test_what_is_configured_means_the_same_when_its_text_is_compiled_anew() -> None:
    assert compiler(CONFIG, "")(CONFIG.compiled_programme().source) == CONFIG.compiled_programme()
