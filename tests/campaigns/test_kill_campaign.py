"""Programs of a running endstation are killed one after the other: nothing acknowledged is lost, nothing is doubled.

Each case follows from its seed: four in a row kill recorder, environment service, RunEngine process and detector, at a
random moment of a phase of the cycle. The normal run takes a few; ``OPERANDO_FULL=1`` takes 200, in lives of 50,
and ``OPERANDO_KILL_SEED=17`` takes that one alone.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from campaigns.judgement import Count, assert_acknowledged, assert_run
from campaigns.kill_campaign import PHASES, TARGETS, Kill, KillCampaign

FULL = bool(os.environ.get("OPERANDO_FULL"))
ALONE = os.environ.get("OPERANDO_KILL_SEED")
LIVES: list[Sequence[int]] = [(108, 73, 18, 7)]
if FULL:
    LIVES = [range(start, start + 50) for start in range(0, 200, 50)]
if ALONE:
    LIVES = [[int(ALONE)]]
pytestmark = [pytest.mark.endstation, pytest.mark.timeout(1800 if FULL else 180)]


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@pytest.mark.parametrize("seeds", LIVES, ids=lambda seeds: f"seeds {seeds[0]} to {seeds[-1]}")
def test_killed_programs_lose_and_double_nothing(seeds: Sequence[int], tmp_path: Path) -> None:
    campaign, count = KillCampaign(tmp_path), Count()
    try:
        for seed in seeds:
            say(str(case := Kill.of(seed)))
            campaign.kill(case)
        for journal, record in campaign.finish():
            say(f"{journal.stem}: {count}")
            assert_run(campaign.live, journal, record, tmp_path / "fresh", count)
        assert_acknowledged(campaign.live, campaign.acknowledged, count)
    finally:
        campaign.close()
    say(f"{len(seeds)} kills: {count}; flushes cut off: {campaign.cut_off}")
    assert len(campaign.cut_off) <= 1 + len(seeds) // 40, "the moment is some milliseconds long"
    assert count.runs > 0
    assert count.frames > 0


def test_every_target_is_killed_in_every_phase() -> None:
    cases = [Kill.of(seed) for seed in range(200)]
    assert {(case.target, case.phase) for case in cases} == {(target, phase) for target in TARGETS for phase in PHASES}
    assert Kill.of(17) == cases[17], "a seed alone makes the case"
