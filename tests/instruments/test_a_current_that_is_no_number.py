"""One current that is no number: the instrument's own count of charge, and the limits that look at it, outlive it."""

import math

import pytest
from instruments.virtual_bench import Bench, ends, programme
from sim_wires.capacitor import Capacitor

from operando.sim.wires.pgstat import PGStat
from operando.vocabulary import ConstantCurrent, End, Limit, Safety

CHARGE = End(Limit.CHARGE, 1e-6)
STEP = ConstantCurrent(
    number=1, name="charge", ends=(CHARGE, End(Limit.TIME, 120.0)), sample_interval=0.5, current=1e-3
)  # fmt: skip


@pytest.mark.parametrize("safe", [False, True])
def test_a_limit_of_charge_still_ends_the_programme(monkeypatch: pytest.MonkeyPatch, safe: bool) -> None:
    measured, count = PGStat.current, iter(range(10**6))
    monkeypatch.setattr(PGStat, "current", lambda self: math.nan if next(count) == 4 else measured(self))
    rig = Bench(Capacitor(2.0, 1.0, 1.0))
    safety = Safety(charge=0.5e-6) if safe else Safety()
    (end,) = ends(rig.run(programme(STEP, safety=safety)))
    assert end.safety if safe else end.end == CHARGE
    # one look of 0.1 s is not counted, and another may have passed
    assert rig.cell.passed == pytest.approx(0.5e-6 if safe else 1e-6, abs=2.1 * 1e-4 / 3600)
