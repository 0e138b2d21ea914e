"""The heater is the same regulated quantity under its own names."""

import pytest
from toy_endstation import Client

from operando.devices import Heater, StackPressure


def test_a_temperature_is_reached_and_read_under_the_names_of_the_table(client: Client) -> None:
    heater = Heater("SIM:", name="heater")
    heater.wait_for_connection(timeout=10)
    heater.set(45.0).wait(timeout=10)
    assert heater.position == pytest.approx(45.0)
    assert set(heater.read()) == {"temperature", "temperature_setpoint", "temperature_target", "heater_drive"}
    assert heater.describe()["temperature"]["units"] == "degC"
    assert heater.egu == "degC"
    heater.set(25.0).wait(timeout=10)


def test_two_targets_are_moved_to_at_once(client: Client) -> None:
    heater, pressure = Heater("SIM:", name="heater"), StackPressure("SIM:", name="stack_pressure")
    for device in (heater, pressure):
        device.wait_for_connection(timeout=10)
    moves = [heater.set(30.0), pressure.set(80.0)]
    for move in moves:
        move.wait(timeout=10)
    assert (heater.position, pressure.position) == (pytest.approx(30.0), pytest.approx(80.0))
