"""The page on reduction and quality names every key of their tables, and which must be given."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from operando.config.quality import QualityLimits
from operando.config.reduction import Reduction, Scheduler, Slurm

PAGE = (Path(__file__).parents[2] / "docs/reference/reduction-and-quality.md").read_text(encoding="utf-8")
QUALITY, REDUCTION, SCHEDULER, SLURM = re.split(r"## `\[reduction\]`|\| key of .*", PAGE)


@pytest.mark.parametrize(
    ("part", "table"), [(QUALITY, QualityLimits), (REDUCTION, Reduction), (SCHEDULER, Scheduler), (SLURM, Slurm)]
)
def test_every_key_has_its_line(part: str, table: type[BaseModel]) -> None:
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    needed = {key for cell in cells if "●" in cell for key in re.findall(r"`(\w+)`", cell)}
    assert {key for cell in cells for key in re.findall(r"`(\w+)`", cell)} == set(table.model_fields)
    assert needed == {name for name, field in table.model_fields.items() if field.is_required()}
