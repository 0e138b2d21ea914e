"""A slow ramp has a sample on each stair only, which may be further apart than its author asked for."""

from contextlib import closing
from pathlib import Path

from environment.cell_day import Day

from operando.vocabulary import CellProgramme, End, Limit, Safety, VoltageRamp


def test_a_slow_ramp_misses_no_sample(tmp_path: Path) -> None:
    ramp = VoltageRamp(
        number=1,
        name="ramp",
        ends=(End(Limit.TIME, 3600.0),),
        sample_interval=0.5,
        begin=None,
        end=3.18,
        rate=1e-4,
        current_limit=1e-2,
    )
    day = Day(tmp_path, CellProgramme("ramp", (ramp,), Safety(), "", "", 0.62))
    day.tell("start")
    day.run(30.0)
    with closing(day.closed()) as history:
        samples = history.samples("voltage", 0, 2**62)
    assert len(samples) > 10
    assert set(samples.quality) == {0}
