"""The regulation bench in its short form: the verdict, and the form of the report."""

import json

from typer.testing import CliRunner

from operando.bench.contenders import Peer
from operando.bench.loop import errors
from operando.bench.plant import Plant
from operando.bench.search import best_gains
from operando.bench.segments import hold, steps
from operando.bench.weather import drawn
from operando.cli import app
from operando.control import DriveLimits

LIMITS = DriveLimits(-20.0, 130.0, 100.0)


def test_the_regulator_meets_what_it_promises() -> None:
    called = CliRunner().invoke(app, ["bench", "regulation", "--short", "--json"])
    assert called.exit_code == 0, called.output
    found = json.loads(called.stdout.splitlines()[-1])
    assert set(found) == {"bench", "ratios", "figures", "setup"}
    assert found["bench"] == "regulation"
    ratios, figures = found["ratios"], found["figures"]
    assert ratios["hold_rms_over_floor"] <= 1.1
    assert ratios["hold_rms_over_peer"] <= 1.05
    assert ratios["ramp_error_over_peer"] <= 0.5
    assert ratios["ramp_max_error_over_peer"] <= 0.5
    assert ratios["truth_within_uncertainty"] >= 0.95
    assert figures["hold_readback_max_error_kPa"] <= 50
    assert figures["breathing_max_error_kPa"] <= 45
    for segment in ("hold", "breathing", "heating", "ramps", "steps"):
        for family in ("", "_bouc_wen"):
            for who in ("", "_peer", "_floor"):
                name = f"{segment}{family}{who}"
                assert 0 < figures[f"{name}_rms_kPa"] <= figures[f"{name}_max_error_kPa"]
    assert found["setup"]["peer"].startswith("simple-pid")


def test_the_search_finds_the_peer_better_gains_than_it_began_with() -> None:
    segment = hold(0.05)

    def peer(gains: list[float]) -> Peer:
        return Peer((gains[0], gains[1], gains[2]), LIMITS)

    start = [4.0, 80.0, 0.01]
    found = best_gains(peer, [start], segment, 30)
    weather = drawn(segment.swelling, 7)
    before, after = (errors(peer(list(gains)), Plant(weather), segment.setpoint).rms for gains in (start, found))
    assert after < 0.9 * before


def test_gains_that_swing_are_not_mistaken_for_good_ones() -> None:
    segment = steps()
    wild = errors(Peer((9.0, 900.0, 0.01), LIMITS), Plant(drawn(segment.swelling, 7)), segment.setpoint)
    assert wild.rms > 100
