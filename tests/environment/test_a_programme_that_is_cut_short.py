"""A programme that was cut short in the middle of a discharge has no efficiency of it."""

from environment.talking_potentiostat import UPPER, Bench

from operando.vocabulary import ProgrammeState


def test_half_a_discharge_has_no_efficiency() -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 20, UPPER)
    bench.begin()
    for _ in range(5):
        bench.sample(4, -0.1)
        bench.step()
    bench.potentiostat.finish("!0032 (critical cell overload, measurement aborted)")
    bench.step()
    assert bench.state is ProgrammeState.FAULT
    assert not bench.values("efficiency")
