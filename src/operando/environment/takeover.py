"""What a service takes over from the one before it, out of its memory."""

import math
from collections.abc import Mapping
from pathlib import Path

from operando.environment.axis import Axis
from operando.environment.before import AxisBefore
from operando.environment.limits import Field
from operando.environment.memory import NS, Facts, recall
from operando.vocabulary import AxisState, Mode


class Before:
    """What the memory of the service before holds, as far as it is to be believed.

    Parameters
    ----------
    file : Path
        The memory.
    limit : float
        s; what was asked for longer ago is no longer what somebody wants. A safe state and a trip never grow old.
    now_ns : int
        UTC, ns since the epoch.
    """

    def __init__(self, file: Path, limit: float, now_ns: int) -> None:
        self._facts, time_ns = recall(file)
        self._old = not 0 <= now_ns - time_ns <= limit * NS

    def axis(self, quantity: str, fields: Mapping[str, Field]) -> AxisBefore:
        """Return how a regulated quantity was left.

        Parameters
        ----------
        quantity : str
            ``stack_pressure`` or ``temperature``.
        fields : mapping of Field
            Limits of today's configuration; what lies outside is not taken over.
        """
        facts = self._facts.get(quantity, {})
        if facts.get("mode") == Mode.RELEASED:
            return AxisBefore(mode=Mode.RELEASED, settled_id=str(facts.get("settled_id", "")))
        if self._old or not facts:
            return AxisBefore()
        target = _within(facts.get("target"), fields["target"])
        return AxisBefore(
            target,
            _mode(facts.get("mode")),
            facts.get("state") == AxisState.HELD,
            str(facts.get("id", "")) if target is not None else "",
            str(facts.get("settled_id", "")),
            *(_within(facts.get(name), fields[name]) for name in ("tolerance", "settle_time", "ramp_rate")),
        )

    def facts(self, name: str) -> Facts:
        """Return what is remembered under a name, however long ago: a trip stays latched."""
        return self._facts.get(name, {})

    @property
    def owner(self) -> str:
        """Who was in control."""
        return "" if self._old else str(self._facts.get("control", {}).get("owner", ""))


def axis_facts(axis: Axis, configured: Mapping[str, float]) -> Facts:
    """Return what is to be remembered of a regulated quantity, as plain values.

    Parameters
    ----------
    axis : Axis
        The last look at it.
    configured : mapping
        Tolerance, settle time and ramp rate of the configuration: only what differs is remembered, so that a change
        of the configuration counts.
    """
    changed = {name: getattr(axis, name) for name, value in configured.items() if getattr(axis, name) != value}
    return {
        "target": axis.target if math.isfinite(axis.target) else None,
        "mode": axis.mode.value,
        "state": axis.state.value,
        "id": axis.id,
        "settled_id": axis.settled_id,
        **changed,
    }


def _within(value: object, field: Field) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if field.low <= value <= field.high else None


def _mode(value: object) -> Mode:
    return Mode(str(value)) if value in list(Mode) else Mode.CLOSED_LOOP
