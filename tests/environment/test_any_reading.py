"""Whatever the load cell says, at whatever time, and whatever is asked: the drive stays inside its limits."""

import math
import os

from environment.small_rig import AREA, SETTINGS, PressureBench
from hypothesis import given, settings
from hypothesis import strategies as st

from operando.environment.axis import Change
from operando.errors import BadReply, InstrumentRefused, NoReply
from operando.vocabulary import Mode, Quality, Reading

LIVES = 5_000 if os.environ.get("OPERANDO_FULL") else 100
LIMITS = SETTINGS.limits
NS = 1_000_000_000

pressures = st.one_of(
    st.floats(60.0, 110.0), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([math.nan, 84.0, 84.1, 0.0])
)
ages = st.one_of(st.just(0.0), st.floats(-0.2, 0.5), st.floats(-1e5, 1e5))  # s; below 0: from the future
readings = st.builds(lambda *parts: parts, pressures, ages, st.sampled_from(Quality))
failures = st.sampled_from([NoReply("nothing"), BadReply("torn"), InstrumentRefused("'?'")])
lengths = st.one_of(st.just(0.05), st.just(0.05), st.floats(0.0, 2.0))
wishes = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    st.builds(Change, st.just("target"), st.floats(5.0, 100.0), st.just("1")),
    st.builds(Change, st.just("drive"), st.floats(LIMITS.low, LIMITS.high), st.just("2")),
    st.builds(Change, st.sampled_from(["stop", "safe", "reset"])),
    st.sampled_from([Change("mode", text=mode.value) for mode in Mode if mode is not Mode.RELEASED]),
)
Step = tuple[object, float, Change | None]
steps: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(st.one_of(readings, failures, st.none()), lengths, wishes), max_size=60
)


@settings(deadline=None, max_examples=LIVES)
@given(steps=steps, target=st.one_of(st.none(), st.floats(5.0, 100.0)), deaf=st.sets(st.integers(0, 60), max_size=5))
def test_the_drive_stays_inside_its_limits(steps: list[Step], target: float | None, deaf: set[int]) -> None:
    bench = PressureBench(previous_target=target)
    rig = bench.rig
    bench.run(1.0)
    for index, (said, dt, wish) in enumerate(steps):
        rig.failing, rig.lying, rig.deaf = None, None, index in deaf
        if isinstance(said, tuple):
            pressure, age, quality = said
            rig.lying = Reading(pressure * AREA, rig.now_ns - round(age * NS), quality)
        elif said is not None:
            rig.failing = said
        if wish:
            bench.loop.tell(wish)
        before, count = rig.plant.drive, len(rig.written)
        rig.plant.run(dt, 0.0)
        rig.now_ns += round(dt * NS)
        bench.loop.step(dt)
        written = rig.written[count:]
        assert len(written) <= 1
        assert all(LIMITS.low <= drive <= LIMITS.high for drive in written)
        assert all(abs(drive - before) <= LIMITS.slew * dt + 1e-6 for drive in written)
        believed = not isinstance(said, tuple) or bench.now.readback.quality is Quality.GOOD
        if not (believed and rig.failing is None) and bench.now.mode is Mode.CLOSED_LOOP:
            assert written == []
