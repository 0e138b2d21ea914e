"""The configurations that are shown to people can be used."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from profiles.recorded_at_site import open_beamtime
from recorder.made_run import CONFIGS

from operando.config import Endstation, load
from operando.recorder.profiles import PROFILES, Wish, data_root_of

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-it-at-a-site.md"
EXAMPLES = {
    example["site"]["profile"]: example
    for example in map(tomllib.loads, re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL))
}


def laid_over(example: dict[str, Any], tmp_path: Path) -> Endstation:
    """Return the simulated endstation at a site."""
    file = tmp_path / "endstation.toml"
    file.write_text(tomlkit.dumps({**tomllib.loads((CONFIGS / "simulated.toml").read_text()), **example}))
    return load(file)


@pytest.mark.parametrize(
    ("profile", "record"),
    [
        ("esrf", "ma6543/bm31/20260301/RAW_DATA/NMC811_cell3/NMC811_cell3_0001/scan0001"),
        ("petra", "raw/cell3_00007/detector"),
    ],
)
def test_an_example_leads_to_the_path_that_the_page_shows(tmp_path: Path, profile: str, record: str) -> None:
    config = laid_over(EXAMPLES[profile], tmp_path)
    assert config.sample
    assert config.proposal
    site = config.site.model_copy(update={"roots": ["gpfs/current"]})
    root = open_beamtime(tmp_path) if profile == "petra" else tmp_path / "visitor"
    wish = Wish(site, tmp_path, tmp_path / "visitor", config.sample.name, config.proposal.identifier, 7)
    layout = PROFILES[profile]
    assert layout.raw_folder(layout.claim(wish), root) == root / record


def test_the_data_root_of_a_site_is_the_one_that_can_be_written(tmp_path: Path) -> None:
    assert data_root_of(laid_over(EXAMPLES["esrf"], tmp_path), tmp_path) == Path("/data/visitor")
    config = laid_over(EXAMPLES["petra"], tmp_path)
    config = config.model_copy(update={"site": config.site.model_copy(update={"roots": ["gone", "gpfs/local"]})})
    assert data_root_of(config, tmp_path) == tmp_path / "gone", "nowhere yet"
    open_beamtime(tmp_path, "gpfs/local", None)
    assert data_root_of(config, tmp_path) == tmp_path / "gpfs/local"
