"""What the language believes of an instrument is what its driver says."""

import pytest

from operando.config.programme import INSTRUMENTS
from operando.instruments import keithley2400
from operando.instruments.methodscript import EMSTAT4_HR, KINDS, NEXUS, Model


@pytest.mark.parametrize(("driver", "model"), [("emstat4", EMSTAT4_HR), ("nexus", NEXUS)])
def test_an_instrument_can_what_its_driver_can(driver: str, model: Model) -> None:
    facts = INSTRUMENTS[driver]
    assert facts.kinds == KINDS
    assert facts.current_limit == model.current_limit
    assert (facts.lowest_voltage, facts.highest_voltage) == (-model.voltage_range, model.voltage_range)
    assert (facts.lowest_frequency, facts.highest_frequency) == (model.lowest_frequency, model.highest_frequency)


def test_a_source_meter_can_what_its_driver_can() -> None:
    facts = INSTRUMENTS["keithley2400"]
    assert facts.kinds == keithley2400.KINDS
    assert facts.current_limit == keithley2400.CURRENT_LIMIT
    assert facts.shortest_interval == keithley2400.SHORTEST_INTERVAL
    assert facts.highest_voltage == -facts.lowest_voltage == keithley2400.LARGEST_VOLTAGE
