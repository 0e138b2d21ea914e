"""``operando bench regulation``: this regulator, its peer and the floor, in the same weather.

The regulator is the service's own, with the gains that are shipped. The peer is ``simple_pid`` as BLISS arranges it,
with gains searched for the least error in the hold; and for comparison once more for each segment by itself. The floor
is an LQG controller that knows plant and disturbance. All run at 20 Hz behind the same load cell and are judged on the
true pressure; this regulator and the peer on two families of hysteresis, neither of which either of them models.
"""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import as_file, files
from typing import Any

from operando.bench import segments
from operando.bench.contenders import Contender, Ours, Peer
from operando.bench.floor import Floor
from operando.bench.loop import Errors, errors
from operando.bench.physics import INSTANT, Hysteresis
from operando.bench.plant import DELAY, PERIOD, Plant
from operando.bench.search import best_gains
from operando.bench.segments import Segment
from operando.bench.truth import coverage
from operando.bench.weather import drawn
from operando.config import load
from operando.environment.pressure_settings import PressureSettings

HOURS, OTHER_HOURS, SHORT_HOURS = 20.0, 2.0, 0.25
"""Of the hold: 10 h of charge and 10 h of discharge; on the other family of hysteresis; in the short form."""
SEED = 1
"""Of the weather that the verdict is about."""
STARTS = ((0.5, 30.0, 0.01), (2.0, 60.0, 0.05))
"""V/MPa, V/(MPa s), V s/MPa, where the searches for the peer's gains begin."""
FOLLOWED = ("heating", "ramps", "steps")
"""Segments in which the setpoint or the temperature goes somewhere."""


@dataclass(frozen=True, slots=True)
class Result:
    """One segment on one family of hysteresis.

    Parameters
    ----------
    name : str
        In the report.
    segment : Segment
        What was done.
    ours, peer, floor : Errors
        Of the three.
    """

    name: str
    segment: Segment
    ours: Errors
    peer: Errors
    floor: Errors


def run(short: bool = False) -> dict[str, Any]:
    """Run the bench and return its report.

    Parameters
    ----------
    short : bool
        A quarter of an hour of hold in place of 20 h, fewer trials, fewer rigs; some seconds in place of a minute.
    """
    with as_file(files("operando.configs") / "simulated.toml") as file:
        config = load(file)
    settings = PressureSettings.of(config)

    def peer(gains: Sequence[float]) -> Peer:
        return Peer((gains[0], gains[1], gains[2]), settings.limits)

    trials = 30 if short else 80
    tuned = best_gains(peer, STARTS, segments.hold(SHORT_HOURS), trials)
    results = []
    for family, hours in ((Hysteresis.PLAY, HOURS), (Hysteresis.BOUC_WEN, OTHER_HOURS)):
        for segment in _segments(SHORT_HOURS if short else hours):
            ours = Ours(settings.gains, settings.limits)
            results.append(_compared(segment, family, ours, peer(tuned)))
    covered = coverage(config, rigs=8 if short else 40)
    figures = {key: value for result in results for key, value in _figures(result).items()}
    return {
        "bench": "regulation",
        "ratios": _ratios(results) | {"truth_within_uncertainty": round(covered.expanded, 4)},
        "figures": {
            "hold_readback_max_error_kPa": round(max(result.ours.readback for result in _of(results, "hold")), 2),
            **figures,
            **({} if short else _own(results, peer, trials)),
            "truth_readback_max_distance_kPa": round(covered.largest, 1),
            "truth_standard_uncertainty_kPa": round(covered.stated, 1),
            "truth_within_standard_uncertainty": round(covered.standard, 4),
        },
        "setup": _setup(settings, tuned, short),
    }


def _segments(hours: float) -> list[Segment]:
    hold, breathing, heating = segments.hold(hours), segments.breathing(300.0), segments.heating(300.0)
    return [hold, breathing, heating, segments.ramps(), segments.steps()]


def _compared(segment: Segment, family: Hysteresis, ours: Contender, peer: Contender) -> Result:
    weather = drawn(segment.swelling, SEED)
    name = segment.name if family is Hysteresis.PLAY else f"{segment.name}_{family.name.lower()}"
    return Result(
        name,
        segment,
        errors(ours, Plant(weather, family), segment.setpoint),
        errors(peer, Plant(weather, family), segment.setpoint),
        errors(Floor(segment.wander), Plant(weather, Hysteresis.NONE), segment.setpoint),
    )


def _of(results: Sequence[Result], *names: str) -> list[Result]:
    return [result for result in results if result.segment.name in names]


def _ratios(results: Sequence[Result]) -> dict[str, float]:
    """Return the verdict, of each kind the worst over segments and families; errors are rms if nothing else is said."""
    holds, followed = _of(results, "hold"), _of(results, *FOLLOWED)
    return {
        "hold_rms_over_floor": round(max(result.ours.rms / result.floor.rms for result in holds), 3),
        "hold_rms_over_peer": round(max(result.ours.rms / result.peer.rms for result in holds), 3),
        "ramp_error_over_peer": round(max(result.ours.rms / result.peer.rms for result in followed), 3),
        "ramp_max_error_over_peer": round(max(result.ours.largest / result.peer.largest for result in followed), 3),
    }


def _figures(result: Result) -> dict[str, float]:
    found = {}
    for who, of in (("", result.ours), ("_peer", result.peer), ("_floor", result.floor)):
        found[f"{result.name}{who}_rms_kPa"] = round(of.rms, 3)
        found[f"{result.name}{who}_max_error_kPa"] = round(of.largest, 2)
    return found


def _own(results: Sequence[Result], peer: Any, trials: int) -> dict[str, float]:
    """Return what the peer reaches with gains for that segment alone, and what these cost it in the hold."""
    found, hold = {}, segments.hold(SHORT_HOURS)
    for result in results:
        if result.name in FOLLOWED:
            gains = best_gains(peer, STARTS, result.segment, trials)
            for segment, name in ((result.segment, "rms"), (hold, "hold_rms")):
                plant = Plant(drawn(segment.swelling, SEED))
                of = errors(peer(gains), plant, segment.setpoint)
                found[f"{result.name}_peer_tuned_for_it_{name}_kPa"] = round(of.rms, 3)
    return found


def _setup(settings: PressureSettings, tuned: Sequence[float], short: bool) -> dict[str, Any]:
    gains = settings.gains
    return {
        "short": short,
        "rate_Hz": round(1 / PERIOD, 3),
        "delay_s": DELAY * INSTANT,
        "proportional_V_per_MPa": gains.proportional,
        "integral_V_per_MPa_s": gains.integral,
        "slope_MPa_per_V": gains.slope,
        "peer": f"simple-pid {version('simple-pid')}",
        "peer_gains": [round(gain, 4) for gain in tuned],
        "operando": version("operando"),
        "python": platform.python_version(),
    }
