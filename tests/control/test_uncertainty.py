"""The pressure that is read is not the true one: how far it may be off."""

import math

import pytest

from operando.control.uncertainty import LoadPath, stack_pressure_uncertainty

AREA = math.pi / 4 * 10.0**2  # mm2
DAY = 86_400.0  # s


def path(
    area_uncertainty: float = 0.0, per_kelvin: float = 0.0, per_root_day: float = 0.0, friction: float = 0.0
) -> LoadPath:
    return LoadPath(AREA, area_uncertainty, per_kelvin, per_root_day, friction)


def test_an_electrode_known_to_a_fiftieth_of_a_millimetre_leaves_340_kilopascal_at_85_megapascal() -> None:
    assert stack_pressure_uncertainty(path(0.004), 85.0, 0.0, 0.0) == pytest.approx(0.34)
    assert stack_pressure_uncertainty(path(0.004), 5.0, 0.0, 0.0) == pytest.approx(0.02)


def test_friction_is_there_at_any_pressure() -> None:
    for pressure in (0.0, 85.0):
        found = stack_pressure_uncertainty(path(friction=30.0), pressure, 0.0, 0.0)
        assert found == pytest.approx(30.0 / AREA / math.sqrt(3))


def test_a_zero_drifts_with_temperature_either_way_and_with_age() -> None:
    warm = stack_pressure_uncertainty(path(per_kelvin=0.2), 50.0, 20.0, 0.0)
    assert warm == pytest.approx(4.0 / AREA / math.sqrt(3))
    assert stack_pressure_uncertainty(path(per_kelvin=0.2), 50.0, -20.0, 0.0) == warm
    old = path(per_root_day=1.0)
    assert stack_pressure_uncertainty(old, 50.0, 0.0, 4 * DAY) == pytest.approx(2.0 / AREA)
    assert stack_pressure_uncertainty(old, 50.0, 0.0, -1.0) == 0.0


def test_causes_add_in_squares() -> None:
    both = stack_pressure_uncertainty(path(0.004, friction=30.0), 85.0, 0.0, 0.0)
    assert both == pytest.approx(math.hypot(0.34, 30.0 / AREA / math.sqrt(3)))


def test_of_no_pressure_there_is_no_uncertainty() -> None:
    assert math.isnan(stack_pressure_uncertainty(path(0.004), math.nan, 0.0, 0.0))
