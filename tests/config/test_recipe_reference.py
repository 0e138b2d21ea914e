"""The page on recipes names every key that a recipe can have."""

import re
from pathlib import Path

from operando.config.diffraction import _Recipe, _Region

PAGE = (Path(__file__).parents[2] / "docs/reference/recipes.md").read_text()


def test_every_key_has_its_line() -> None:
    first = {key for line in PAGE.splitlines() if line.startswith("| `") for key in _keys(line.split("|")[1])}
    assert first == set(_Recipe.model_fields)


def test_every_key_of_a_region_is_named() -> None:
    (line,) = [line for line in PAGE.splitlines() if line.startswith("| `regions`")]
    assert set(_Region.model_fields) <= _keys(line)


def _keys(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))
