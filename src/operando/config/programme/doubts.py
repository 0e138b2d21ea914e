"""What is unlikely in a programme, but may be meant."""

from collections.abc import Iterator

from operando.config.programme.wording import Words
from operando.vocabulary import CellProgramme, ConstantCurrent, Limit, Rest, Safety


def programme_doubts(programme: CellProgramme) -> Iterator[str]:
    """Yield what a programme does not bound, and voltages that lie on the other side of what they should."""
    words, safety = Words(programme.counter_electrode_potential), programme.safety
    if any(not isinstance(step, Rest) for step in programme.steps):
        missing = [key for key in ("upper_voltage", "lower_voltage") if getattr(safety, key) is None]
        if missing:
            keys = " and ".join(missing)
            yield f"{programme.name}: [safety] {keys} missing; nothing else sees a step's wrong voltage"
    middle = _middle(safety)
    for step in programme.steps:
        if middle is None or not isinstance(step, ConstantCurrent):
            continue
        for end in step.ends:
            if end.limit is Limit.VOLTAGE and (end.value > middle if end.below else end.value < middle):
                does, nearer = ("discharges", "upper") if end.below else ("charges", "lower")
                yield (
                    f"{programme.name}: step {step.number} ({step.name}) {does} to {words.voltage(end.value)}, "
                    f"nearer to [safety] {nearer}_voltage; is the sign of its current meant?"
                )


def _middle(safety: Safety) -> float | None:
    if safety.upper_voltage is None or safety.lower_voltage is None:
        return None
    return (safety.upper_voltage + safety.lower_voltage) / 2.0
