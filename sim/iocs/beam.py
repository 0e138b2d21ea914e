"""What the beam does during an exposure: to the sample, and to the counters before and behind it.

areaDetector attaches records to each frame (its attributes file, read by the camera) and the file plugin stores them
with it; https://areadetector.github.io/areaDetector/ADCore/NDAttributes.html.
"""

from collections.abc import Callable

import numpy as np

from operando.sim.iocs.exposure import Exposure
from operando.sim.iocs.holder import EMPTY, STACK_TRANSMISSION
from operando.sim.iocs.source import Light, ring_current

INCIDENT_RATE = 1.0e6
"""Counts per second of the ion chamber before the sample, with 100 mA in the ring."""

DIODE_RATE = 2.0e6
"""Counts per second of the diode behind the sample, were nothing in the beam."""

DARK_RATES = (40.0, 250.0)
"""Counts per second of chamber and diode without beam: offsets of their voltage-to-frequency converters."""

OF_THE_BEAM = 11
"""Their own stream of random numbers, beside those of rig and instruments: no frame changes because of them."""

ATTRIBUTES = ("RingCurrent", "IncidentMonitor", "TransmittedDiode")
"""Of each frame: mA, counts, counts."""


class Beam:
    """The beam through shutter and sample; chamber and diode count with noises of their own.

    Parameters
    ----------
    light : Light
        What the shutter lets through.
    seed : int
        Of the endstation's random numbers.
    transmission : float
        The share of the beam that passes through the sample.
    flicker : float
        Relative standard deviation of the beam's intensity from one exposure to the next, seen by all of them.
    in_beam : callable
        Tells what stands in the beam now.
    """

    def __init__(
        self,
        light: Light,
        *,
        seed: int,
        transmission: float,
        flicker: float = 0.0,
        in_beam: Callable[[], str] = lambda: "cell",
    ) -> None:
        self._light = light
        self._random = np.random.default_rng((seed, OF_THE_BEAM))
        self._transmission = transmission
        self._flicker = flicker
        self._in_beam = in_beam

    def exposure(self, unique_id: int, start_ns: int, end_ns: int) -> Exposure:
        """Return what an exposure that has just ended has seen (UTC, ns since the epoch)."""
        light = self._light.during(start_ns, end_ns)
        light *= max(0.0, self._random.normal(1.0, self._flicker))
        seconds = (end_ns - start_ns) * 1e-9
        chamber, diode = (rate * seconds for rate in DARK_RATES)
        current = ring_current((start_ns + end_ns) // 2)
        incident = self._random.poisson(INCIDENT_RATE * light + chamber)
        in_beam = self._in_beam()
        through = min(1.0, self._transmission / STACK_TRANSMISSION) if in_beam == EMPTY else self._transmission
        transmitted = self._random.poisson(DIODE_RATE * through * light + diode)
        values = (current, float(incident), float(transmitted))
        attributes = dict(zip(ATTRIBUTES, values, strict=True))
        return Exposure(unique_id, start_ns, end_ns, light, attributes, in_beam)
