"""Whether the true pressure lies where the readback and its stated uncertainty say, on many imperfect rigs."""

from dataclasses import dataclass

import numpy as np

from operando.bench import weather
from operando.bench.contenders import Ours
from operando.bench.loop import regulate
from operando.bench.physics import INSTANTS, Array
from operando.bench.plant import DIAMETER, PRESSURE, Plant
from operando.config import Endstation
from operando.environment.pressure_settings import PressureSettings
from operando.environment.uncertainty import PressureUncertainty
from operando.sim.cell.imperfections import Imperfections
from operando.sim.cell.load_cell import LoadCellZero
from operando.vocabulary import Reading

SECONDS = 600.0
"""s: warm up, and rest."""
EVERY = 20
"""Steps between two looks."""
COVERAGE = 2.0
"""Expanded over standard uncertainty (JCGM 100:2008, 6.2)."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was found.

    Parameters
    ----------
    expanded, standard : float
        Share of the looks with the truth within twice and once the standard uncertainty of the readback.
    largest : float
        kPa, largest distance between truth and readback.
    stated : float
        kPa, mean standard uncertainty.
    """

    expanded: float
    standard: float
    largest: float
    stated: float


def coverage(config: Endstation, rigs: int) -> Coverage:
    """Regulate rigs of random diameter and wandering zero, with friction, from 45 to 55 °C, and compare.

    Parameters
    ----------
    config : Endstation
        Gains and limits, and what is known of the load path.
    rigs : int
        How many.
    """
    settings, uncertainty = PressureSettings.of(config), PressureUncertainty(config)
    body = weather.temperatures(SECONDS, 45.0, 55.0, rate=5.0, begin=20.0, seed=0)
    looks = np.arange(EVERY, len(body) // INSTANTS, EVERY)
    warmth = body[looks * INSTANTS - 1].tolist()
    distances, stated = [], []
    for seed in range(rigs):
        read, true = _one(settings, body, config.load_cell.tare_temperature_C, seed)
        told = [
            uncertainty.of(Reading(value, 0), now).value
            for value, now in zip(read[looks].tolist(), warmth, strict=True)
        ]
        distances.append(np.abs(read[looks] - true[looks * INSTANTS - 1]))
        stated.append(told)
    distance, standard = np.array(distances), np.array(stated)
    return Coverage(
        expanded=float(np.mean(distance <= COVERAGE * standard)),
        standard=float(np.mean(distance <= standard)),
        largest=1e3 * float(distance.max()),
        stated=1e3 * float(standard.mean()),
    )


def _one(settings: PressureSettings, body: Array, tared_at: float, seed: int) -> tuple[Array, Array]:
    """Return readback at each step and truth at each instant (MPa) of one rig."""
    imperfections, random = Imperfections(), np.random.default_rng((seed, 1))
    zeros = weather.zeros(body, LoadCellZero(imperfections, tared_at, random))
    plant = Plant(
        weather.drawn(weather.expansion(body), seed, zeros),
        friction=imperfections.friction,
        diameter=DIAMETER + imperfections.diameter * random.uniform(-1.0, 1.0),
    )
    ours = Ours(settings.gains, settings.limits)
    return regulate(ours, plant, np.full(len(body) // INSTANTS, PRESSURE)), plant.truth
