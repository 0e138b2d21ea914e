"""Numbers that physics ties together must agree when a configuration is loaded."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from metadata.described_run import configured

from operando.config import load
from operando.errors import ConfigurationError


@dataclass(frozen=True)
class Case:
    name: str
    table: str
    facts: dict[str, Any]
    says: tuple[str, ...]


CASES = [
    Case(
        "a loading that is not mass over area",
        "cell",
        {"loading_mg_per_cm2": 12.0},
        (
            "[cell]",
            "loading_mg_per_cm2 = 12",
            "active_mass_mg = 3.927",
            "electrode_diameter_mm = 10",
            "5 mg/cm²",
            "10%",
        ),
    ),
    Case(
        "more capacity than there is lithium",
        "cell",
        {"nominal_capacity_mAh": 7.854},
        ("[cell]", "nominal_capacity_mAh = 7.854", "3.927", "275.5", "1.08 mA h"),
    ),
    Case(
        "an energy that is not the wavelength's",
        "beam",
        {"energy_keV": 60.7},
        ("[beam] energy_keV = 60.7", "0.20664 Å", "60 keV", "1%"),
    ),
    Case(
        "a layer ten times too thick",
        "cell",
        {
            "layers": [
                {
                    "role": "separator",
                    "material": "LPSCl",
                    "thickness_um": 6100.0,
                    "porosity": 0.1,
                    "mass_mg": 80.0,
                    "density_g_per_cm3": 1.86,
                }
            ]
        },
        ("[cell] layer 1, LPSCl", "mass_mg = 80", "thickness_um = 6100", "802 mg", "30%"),
    ),
    Case(
        "a porosity in per cent",
        "cell",
        {"layers": [{"role": "separator", "material": "LPSCl", "porosity": 12.0}]},
        ("porosity = 12.0",),
    ),
    Case(
        "a role nobody knows",
        "cell",
        {"layers": [{"role": "cathode", "material": "NMC"}]},
        ("role = 'cathode'", "working electrode"),
    ),
    Case("a day that was never", "load_cell", {"calibrated_on": "2026-02-30"}, ("calibrated_on = '2026-02-30'",)),
    Case("a mass in gram", "cell", {"active_mass_g": 0.004}, ("[cell] active_mass_g", "unknown key", "active_mass_mg")),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_cannot_be_is_refused_with_its_numbers(case: Case, tmp_path: Path) -> None:
    file = configured(tmp_path, lambda document: document[case.table].update(case.facts))
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    message = str(caught.value)
    assert message.startswith(str(file))
    assert "\n" not in message
    for part in case.says:
        assert part in message


@pytest.mark.parametrize(
    ("orcid", "right"),
    [("0000-0002-1694-233X", True), ("0000-0002-1825-0097", True), ("0000-0002-1825-0079", False), ("12", False)],
)
def test_a_mistyped_orcid_is_noticed(orcid: str, right: bool, tmp_path: Path) -> None:
    file = configured(tmp_path, lambda document: document["people"][0].update(orcid=orcid))
    if right:
        assert load(file).people[0].orcid == orcid
        return
    with pytest.raises(ConfigurationError, match=rf"people\.0\.orcid.*{orcid}"):
        load(file)


def test_numbers_that_agree_within_their_digits_pass(tmp_path: Path) -> None:
    def rounded(document: Any) -> None:
        document["cell"]["loading_mg_per_cm2"] = 5.3
        document["beam"]["energy_keV"] = 60.4

    assert load(configured(tmp_path, rounded)).beam is not None


def test_what_is_only_unlikely_is_said_with_its_numbers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = configured(tmp_path, lambda document: document["cell"].update(nominal_capacity_mAh=0.3))
    with caplog.at_level(logging.WARNING):
        load(file)
    assert "nominal_capacity_mAh = 0.3 is less than half" in caplog.text
    assert "1.08 mA h" in caplog.text


def test_a_shipped_configuration_raises_no_doubt(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load(configured(tmp_path, lambda document: None))
    assert caplog.text == ""
