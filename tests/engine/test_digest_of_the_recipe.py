"""A start document says what the files of the recipe held when the run was opened."""

from dataclasses import replace
from pathlib import Path

import operando.configs
from operando.analysis import recipe_digest
from operando.config import load
from operando.engine.metadata import metadata
from operando.engine.recipe_files import with_digest
from operando.vocabulary import Recipe

SIMULATED = Path(operando.configs.__file__).parent / "simulated.toml"


def test_the_digest_is_the_recorders_and_is_taken_run_by_run(tmp_path: Path) -> None:
    facts = metadata(load(SIMULATED))
    mask = tmp_path / "mask.edf"
    recipe = replace(Recipe.from_document(facts["operando"]["recipe"]), mask=mask)
    facts["operando"]["recipe"] = recipe.document()
    mask.write_bytes(b"one")
    first = with_digest(facts)["operando"]
    assert first["recipe_digest"] == recipe_digest(recipe)
    mask.write_bytes(b"other")
    assert with_digest(facts)["operando"]["recipe_digest"] == recipe_digest(recipe) != first["recipe_digest"]
    assert {key: first[key] for key in facts["operando"]} == facts["operando"], "nothing else is touched"


def test_a_mask_that_is_not_there_opens_a_run_all_the_same(tmp_path: Path) -> None:
    facts = metadata(load(SIMULATED))
    facts["operando"]["recipe"]["mask"] = str(tmp_path / "no_such_mask.edf")
    assert with_digest(facts) == facts
    assert with_digest({"plan_name": "count"}) == {"plan_name": "count"}
