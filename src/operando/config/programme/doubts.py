"""What is unlikely in a programme, but may be meant."""

from collections.abc import Iterator

from operando.config.programme.table import potentials, voltage_range
from operando.config.programme.wording import Words
from operando.vocabulary import CellProgramme, ConstantCurrent, Limit, Rest

HIGHEST, LOWEST = 4.5, 1.0
"""V vs Li/Li+: few electrodes of solid-state cells go beyond."""
SAME = 0.5
"""V: between voltages that are closer nothing is said of sides."""


def programme_doubts(programme: CellProgramme) -> Iterator[str]:
    """Yield what a programme does not bound, and voltages that lie on the other side of what they should."""
    words, safety = Words(programme.counter_electrode_potential), programme.safety
    if any(not isinstance(step, Rest) for step in programme.steps):
        missing = [key for key in ("upper_voltage", "lower_voltage") if getattr(safety, key) is None]
        if missing:
            keys = " and ".join(missing)
            yield f"{programme.name}: [safety] {keys} missing; nothing else sees a step's wrong voltage"
    for stated in potentials(programme):
        unbounded = (stated.against_lithium > HIGHEST and safety.upper_voltage is None) or (
            stated.against_lithium < LOWEST and safety.lower_voltage is None
        )
        if stated.step and unbounded:
            says = f"step {stated.step} {stated.what} = {words.voltage(stated.at_terminals)}"
            yield f"{programme.name}: {says}; is its scale meant? [safety] can say so"
    middle = _middle(programme)
    for step in programme.steps:
        if middle is None or not isinstance(step, ConstantCurrent):
            continue
        for end in step.ends:
            if end.limit is Limit.VOLTAGE and (end.value > middle if end.below else end.value < middle):
                does, nearer = ("discharges", "upper") if end.below else ("charges", "lower")
                yield (
                    f"{programme.name}: step {step.number} ({step.name}) {does} to {words.voltage(end.value)}, "
                    f"nearer to the {nearer} of its voltages; is the sign of its current meant?"
                )


def _middle(programme: CellProgramme) -> float | None:
    """Return the V in the middle between the safety limits; without them of the steps' own voltages, if they differ."""
    upper, lower = programme.safety.upper_voltage, programme.safety.lower_voltage
    if upper is not None and lower is not None:
        return (upper + lower) / 2.0
    low, high = voltage_range(programme) or (0.0, 0.0)
    return (low + high) / 2.0 if high - low > SAME else None
