"""What the language believes of an instrument is what its driver says."""

from operando.config.programme import INSTRUMENTS
from operando.instruments.methodscript import capabilities


def test_an_emstat4_can_what_its_driver_can() -> None:
    facts = INSTRUMENTS["emstat4"]
    assert facts.kinds == capabilities.KINDS
    assert facts.current_limit == capabilities.CURRENT_RANGES[-1]
    assert (facts.lowest_voltage, facts.highest_voltage) == (-capabilities.VOLTAGE_RANGE, capabilities.VOLTAGE_RANGE)
    assert (facts.lowest_frequency, facts.highest_frequency) == (
        capabilities.LOWEST_FREQUENCY,
        capabilities.HIGHEST_FREQUENCY,
    )
