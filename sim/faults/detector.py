"""Faults of the detector: of its camera, and of the file plugin behind it."""

from typing import Any

from operando.sim.faults.equipment import Equipment
from operando.sim.faults.kind import Amount, Begin, End, Kind


def _wrong(attribute: str, value: Any = None) -> Begin:
    """Let something be wrong with the detector: ``value``, or the amount as a whole number."""

    def begin(equipment: Equipment, amount: float, now: float) -> End:
        faults = equipment.detector
        before = getattr(faults, attribute)
        setattr(faults, attribute, int(amount) if value is None else value)
        return lambda end: setattr(faults, attribute, before)

    return begin


DETECTOR: tuple[Kind, ...] = (
    Kind(
        "detector",
        "lost_frames",
        "The camera loses each exposure whose number is a multiple: its counter goes on, no array comes.",
        _wrong("loses_every"),
        Amount("th", 10.0, 1.0, 100_000.0),
    ),
    Kind(
        "detector",
        "queue_full",
        "The file plugin's queue has no room: it drops each array that comes, and counts it.",
        _wrong("queue_full", True),
    ),
    Kind(
        "detector",
        "stuck",
        "The camera begins no exposure, and says that it acquires.",
        _wrong("stands_still", True),
    ),
)
