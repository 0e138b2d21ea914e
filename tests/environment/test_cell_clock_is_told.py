"""How the instrument's clock drifts is told, and how well that is known."""

import pytest
from environment.talking_potentiostat import START_NS, Bench

from operando.instruments import ClockReading
from operando.vocabulary import Quality, Reading


@pytest.mark.parametrize(
    ("too_few", "quality"), [(False, Quality.GOOD), (True, Quality.SUSPECT)], ids=["known", "too few packets"]
)
def test_a_drift_is_told_with_its_uncertainty(too_few: bool, quality: Quality, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    reading = ClockReading(START_NS, -3e-5, 2e-6, 1_000_000, too_few)
    monkeypatch.setattr(bench.potentiostat, "clock", lambda: reading)
    bench.start()
    bench.step(1.0)
    told = dict(bench.others)
    assert told["clock_drift"] == Reading(-3e-5, bench.now_ns, quality)
    assert told["clock_drift_uncertainty"] == Reading(2e-6, bench.now_ns, quality)
