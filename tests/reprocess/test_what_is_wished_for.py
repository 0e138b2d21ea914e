"""What becomes of a start document when something is to be otherwise."""

from dataclasses import replace
from typing import Any

from recorder.made_run import PONI, RECIPE, MadeRun

from operando.config import load_parasitic
from operando.recorder.reprocessing import Wishes
from operando.recorder.reprocessing.wishes import differences
from operando.recorder.run import Run

BLANK: dict[str, Any] = {"sha256": "ab12", "recipe": RECIPE.document(), "radial": [8.0], "intensity": [1.0]}


def changed(run: Run, wishes: Wishes) -> dict[str, Any]:
    return differences(run, wishes.fulfilled(run), wishes)


def test_nothing_wished_for_changes_nothing(original: MadeRun) -> None:
    run = Run.from_start(original.documents[0][1])
    assert changed(run, Wishes()) == {}
    assert changed(run, Wishes(poni=PONI)) == {}


def test_a_recipe_is_taken_for_the_detector_of_the_run(original: MadeRun) -> None:
    run = Run.from_start(original.documents[0][1])
    assert changed(run, Wishes(recipe=RECIPE)) == {"recipe.saturation": {"before": None, "after": 2**20 - 1}}
    assert changed(Wishes(recipe=RECIPE).fulfilled(run), Wishes(recipe=RECIPE)) == {}


def test_a_recipe_brings_the_materials_that_it_masks_and_takes_those_of_another_away(original: MadeRun) -> None:
    run = Run.from_start(original.documents[0][1])
    recipe = replace(RECIPE, parasitic=("copper",))
    copper = load_parasitic(recipe.parasitic)
    masked = Wishes(recipe=recipe, parasitic=copper).fulfilled(run)
    assert masked.parasitic == copper
    assert Wishes(poni=PONI).fulfilled(masked).parasitic == copper
    assert Wishes(recipe=RECIPE).fulfilled(masked).parasitic == ()
    assert set(changed(masked, Wishes(recipe=RECIPE))) == {"recipe.parasitic", "parasitic"}


def test_a_blank_is_told_by_its_hash(original: MadeRun) -> None:
    run = Run.from_start(original.documents[0][1])
    wishes = Wishes(blank=BLANK)
    assert wishes.fulfilled(run).blank == BLANK
    assert changed(run, wishes) == {"blank": {"before": None, "after": "ab12"}}


def test_the_run_itself_is_left_as_it_was(original: MadeRun) -> None:
    run = Run.from_start(original.documents[0][1])
    before = repr(run.document)
    Wishes(poni="another", recipe=RECIPE, blank=BLANK).fulfilled(run)
    assert repr(run.document) == before
