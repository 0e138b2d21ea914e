"""Ends of a step that the instrument cannot know: the environment service tells it."""

from collections.abc import Callable
from dataclasses import dataclass

from operando.environment.cell.book import in_words
from operando.vocabulary import End, Limit, Quality, Reading, Step

NS = 1_000_000_000
OLDEST = 5.0
"""s; a temperature that was measured longer ago ends no step."""


@dataclass(frozen=True, slots=True)
class Hosted:
    """Looks at what ends a step from outside.

    Parameters
    ----------
    temperature : callable
        Returns the last reading at the cell, °C, or None.
    """

    temperature: Callable[[], Reading | None]

    def met(self, step: Step, now_ns: int) -> str:
        """Return which condition of a step is met now, in words, or nothing."""
        reading = self.temperature()
        if reading is None or reading.quality is not Quality.GOOD or now_ns - reading.time_ns > OLDEST * NS:
            return ""
        for end in step.ends:
            if end.limit is Limit.TEMPERATURE and _met(end, reading.value):
                return in_words(end)
        return ""


def waits_for_a_measurement(step: Step | None) -> bool:
    """Whether somebody may say that a measurement is done, and end a step by that."""
    return step is not None and any(end.limit is Limit.MEASUREMENT for end in step.ends)


def _met(end: End, value: float) -> bool:
    return value <= end.value if end.below else value >= end.value
