"""Instrument time becomes UTC by offset and drift, with an uncertainty that holds."""

import random

import pytest

from operando.instruments.clock import FEW, QUARTZ, SPAN, InstrumentClock

NS = 1_000_000_000
ZERO_NS = 1_790_000_000 * NS
FASTEST = 0.001
"""s that the fastest packet takes."""


def heard(drift: float, seconds: float, interval: float = 0.5, poll: float = 0.05, seed: int = 1) -> InstrumentClock:
    """A clock after packets of an instrument that is slow by ``drift``, each waiting for the next poll."""
    dice, clock = random.Random(seed), InstrumentClock()
    for index in range(1, round(seconds / interval)):
        elapsed = index * interval
        clock = clock.heard(elapsed, true_ns(elapsed, drift) + round((FASTEST + poll * dice.random()) * NS))
    return clock


def true_ns(elapsed: float, drift: float) -> int:
    return ZERO_NS + round(elapsed * (1.0 + drift) * NS)


@pytest.mark.parametrize("drift", [0.0, 50e-6, -50e-6, 200e-6])
def test_the_drift_is_found_within_its_uncertainty(drift: float) -> None:
    reading = heard(drift, 3600.0, interval=2.0).reading
    assert reading is not None
    assert not reading.arrival_only
    assert reading.drift_uncertainty < 5e-6
    assert reading.drift == pytest.approx(drift, abs=4 * reading.drift_uncertainty)


@pytest.mark.parametrize("seconds", [3.0, 30.0, 600.0, 7200.0, 86400.0])
@pytest.mark.parametrize("drift", [50e-6, -50e-6])
def test_the_time_is_right_within_its_uncertainty(seconds: float, drift: float) -> None:
    clock = heard(drift, seconds, interval=0.5 if seconds < 1e3 else 10.0)
    error_ns = clock.utc_ns(clock.elapsed) - true_ns(clock.elapsed, drift)
    assert abs(error_ns) <= 2 * clock.uncertainty_ns(clock.elapsed)
    assert clock.uncertainty_ns(clock.elapsed) < 0.06 * NS


def test_a_day_of_drift_does_not_add_up() -> None:
    clock = heard(50e-6, 86400.0, interval=10.0)  # 4.3 s in all
    assert abs(clock.utc_ns(clock.elapsed) - true_ns(clock.elapsed, 50e-6)) < 0.02 * NS


def test_a_few_packets_tell_no_drift_and_say_so() -> None:
    reading = heard(50e-6, FEW * SPAN - SPAN).reading
    assert reading is not None
    assert reading.arrival_only
    assert (reading.drift, reading.drift_uncertainty) == (0.0, QUARTZ)


def test_a_clock_that_has_heard_nothing_has_no_reading() -> None:
    assert InstrumentClock().reading is None


def test_a_host_that_was_held_up_moves_nothing() -> None:
    """Ten minutes of packets come at once, as after SIGSTOP; then it goes on."""
    clock, drift = heard(20e-6, 3600.0), 20e-6
    for index in range(1, 121):
        elapsed = 3600.0 + 5.0 * index
        clock = clock.heard(elapsed, true_ns(4200.0, drift))
    assert abs(clock.utc_ns(4200.0) - true_ns(4200.0, drift)) < 0.02 * NS
    for index in range(1, 101):
        elapsed = 4200.0 + 0.5 * index
        clock = clock.heard(elapsed, true_ns(elapsed, drift) + round(FASTEST * NS))
    assert abs(clock.utc_ns(4250.0) - true_ns(4250.0, drift)) < 0.01 * NS


def test_a_backlog_is_no_drift() -> None:
    """What waited while nobody listened comes in pieces: the delay falls as if the clocks ran apart."""
    clock = InstrumentClock()
    for index in range(1, 13):
        clock = clock.heard(5.0 * index, true_ns(60.0, 0.0) + round(0.01 * index * NS))
    reading = clock.reading
    assert reading is not None
    assert reading.drift == 0.0


def test_the_uncertainty_grows_with_what_has_not_been_heard() -> None:
    clock = heard(0.0, 600.0)
    assert clock.uncertainty_ns(600.0) < clock.uncertainty_ns(6000.0) < clock.uncertainty_ns(60000.0)
