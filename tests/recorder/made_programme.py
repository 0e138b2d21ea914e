"""A cell programme in the log of a made run: a charge, a rest with a spectrum, a discharge that outlasts the run."""

import hashlib
import json
import math
from collections.abc import Iterator

from recorder.made_run import at

from operando.history import EnvironmentLog, KeptProgramme, RealisedStep, Spectrum, SpectrumPoint
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    End,
    Impedance,
    Limit,
    Loop,
    Quality,
    Reading,
    Safety,
    Step,
    plain,
    plain_step,
)

SOURCE = 'name = "charge, look, discharge"\n'
HASH = hashlib.sha256(SOURCE.encode()).hexdigest()
LONG = End(Limit.TIME, 3600.0)
CHARGE = ConstantCurrent(
    number=1, name="charge", ends=(End(Limit.VOLTAGE, 3.68), LONG), sample_interval=0.5, current=196e-6
)
LOOK = Impedance(
    number=2,
    name="look",
    ends=(LONG,),
    sample_interval=0.5,
    galvanostatic=False,
    amplitude=0.01,
    bias=None,
    high_frequency=1e5,
    low_frequency=10.0,
    points_per_decade=1,
    current_limit=1e-3,
)
DISCHARGE = ConstantCurrent(
    number=3,
    name="discharge",
    ends=(End(Limit.VOLTAGE, 2.18, below=True), LONG),
    sample_interval=0.5,
    current=-196e-6,
)
PROGRAMME = CellProgramme(
    name="charge, look, discharge",
    parts=(Loop(2, (CHARGE, LOOK, DISCHARGE), cycles=True),),
    safety=Safety(upper_voltage=3.73, lower_voltage=2.13, delay=1.0),
    source=SOURCE,
    hash=HASH,
    counter_electrode_potential=0.62,
)
BEGUN = (-3.0, 2.7, 4.8)
"""s from the start of the run to the begin of each step."""
FREQUENCIES = tuple(10.0 ** (5 - k) for k in range(5))


def points_of(begun_ns: int) -> Iterator[SpectrumPoint]:
    """Yield a point every 0.4 s."""
    for k, frequency in enumerate(FREQUENCIES):
        yield SpectrumPoint(begun_ns + k * 400_000_000, frequency, 5.0 + k, -1.5 * k)


POINTS = tuple(points_of(at(2.8)))


def keep_programme(log: EnvironmentLog) -> None:
    """Write what an environment service keeps of the programme; its last step ended after the run."""
    log.keep(KeptProgramme(begun_ns=at(BEGUN[0]), hash=HASH, text=json.dumps(plain(PROGRAMME))))
    log.keep(_step(1, CHARGE, 1, 2.7, how="voltage >= 3.68 V", duration=5.7, charge=3.4e-7, voltage=3.6801))
    log.keep(_step(2, LOOK, 1, 4.8, how="all frequencies", duration=2.1, charge=0.0))
    log.keep(_step(3, DISCHARGE, 2, 1e4, how="time >= 3600 s", duration=3600.0, charge=-1.9e-4, voltage=2.9))
    spectrum = Spectrum(
        begun_ns=at(BEGUN[1]), ended_ns=at(BEGUN[2]), programme=HASH, run=2, cycle=1, step=2, name="look", points=POINTS
    )
    log.keep(spectrum)
    for half in range(-8, 40):
        _sample(log, half / 2)


def _step(run: int, step: Step, half_cycle: int, ended: float, **known: object) -> RealisedStep:
    return RealisedStep(
        begun_ns=at(BEGUN[run - 1]),
        ended_ns=at(ended),
        programme=HASH,
        run=run,
        cycle=1,
        half_cycle=half_cycle,
        step=step.number,
        name=step.name,
        kind=step.kind,
        limits=json.dumps(plain_step(step)),
        uncertainty_ns=2_000_000,
        **known,
    )


def run_at(seconds: float) -> int:
    """Which step of the programme runs; 0 before it began."""
    return sum(seconds >= begun for begun in BEGUN)


def _sample(log: EnvironmentLog, seconds: float) -> None:
    run = run_at(seconds)
    resting = run == 2
    values = {
        "run": run,
        "step": run,
        "cycle": 1,
        "half_cycle": 1 if run < 3 else 2,
        "potential": 3.72 + 0.002 * seconds,
        "specific_capacity": 100.0 + seconds,
        "state_of_charge": 0.5,
        "rest_age": seconds - BEGUN[1] if resting else 0.0,
        "time_uncertainty": 0.002,
        "efficiency": math.nan,
    }
    for name, value in values.items() if run else ():
        quality = Quality.INVALID if math.isnan(value) else Quality.GOOD
        log.append(name, Reading(float(value), at(seconds), quality))
