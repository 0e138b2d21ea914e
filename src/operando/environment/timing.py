"""How well the pressure loop keeps its rate, as records."""

from collections.abc import Callable

from operando.environment.lateness import Lateness
from operando.environment.schedule import Schedule
from operando.records import RecordSpec, Value

SHARES = {"P50": 0.5, "P99": 0.99, "MAX": 1.0}
KINDS = {"LATE": "step after its deadline", "AGE": "reading when its drive is written"}


def timing_records() -> list[RecordSpec]:
    """Return the records that `Timing` serves."""
    return [
        RecordSpec("ENVIRONMENT:REALTIME", "flag", description="pressure loop has real-time priority"),
        RecordSpec("ENVIRONMENT:OVERRUNS", "integer", description="pressure steps left out since the start"),
        RecordSpec("ENVIRONMENT:TIMING_RESET", "flag", description="put 1: LATE and AGE begin anew"),
        *(
            RecordSpec(f"ENVIRONMENT:{kind}_{name}", "float", "ms", 3, f"{words}: {name.lower()}")
            for kind, words in KINDS.items()
            for name in SHARES
        ),
    ]


class Timing:
    """Serves lateness, overruns and the age of readings.

    Parameters
    ----------
    schedule : Schedule
        Of the pressure loop.
    ages : Lateness
        Of its readings.
    show : callable
        Takes the name of a record and its value; only queues.
    """

    def __init__(self, schedule: Schedule, ages: Lateness, show: Callable[[str, Value], None]) -> None:
        self._schedule = schedule
        self._measured = {"LATE": schedule.lateness, "AGE": ages}
        self._show = show

    def on_reset(self, value: int) -> None:
        """Begin anew; overruns are counted on, so that none is lost."""
        if value:
            for measured in self._measured.values():
                measured.clear()

    def serve(self) -> None:
        """Show how it stands."""
        self._show("ENVIRONMENT:OVERRUNS", self._schedule.overruns)
        for kind, measured in self._measured.items():
            for name, share in SHARES.items():
                self._show(f"ENVIRONMENT:{kind}_{name}", measured.quantile(share) * 1e3)

    def summary(self) -> str:
        """Return the same in words, for the service's log."""
        late = self._measured["LATE"]
        return (
            f"pressure loop: {self._schedule.overruns} overruns; steps late by {late.quantile(0.5) * 1e3:.2f} ms "
            f"(half of {late.count}), {late.quantile(0.99) * 1e3:.2f} ms (99 %), {late.largest * 1e3:.2f} ms (all)"
        )
