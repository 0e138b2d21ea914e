"""The faults there are now: begun on command, ended by a clear or by their time."""

import logging
import math
from collections.abc import Collection
from dataclasses import dataclass

from operando.sim.faults.equipment import Equipment
from operando.sim.faults.kind import End, Kind
from operando.sim.faults.refused import FaultRefused
from operando.sim.faults.table import KIND, KINDS, TARGETS

OF_A_CHANNEL = ("potentiostat", "cell")
"""Targets of which each channel has one."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Active:
    name: str
    end: End
    until: float


class FaultBoard:
    """Faults on one rig; belongs to the thread that lets its time pass.

    Parameters
    ----------
    equipment : Equipment
        What they lay hands on.
    """

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._active: dict[tuple[str, str], _Active] = {}

    @property
    def active(self) -> list[str]:
        """Target and kind of every fault there is now."""
        return [each.name for each in self._active.values()]

    def set(
        self, target: str, name: str, now: float, *, seconds: float | None = None, value: float | None = None
    ) -> str:
        """Begin a fault; one that is there already begins anew.

        Parameters
        ----------
        target, name : str
            As in the table.
        now : float
            s, of the monotonic clock.
        seconds : float, optional
            s until it ends by itself.
        value : float, optional
            Its amount, in the unit that the table gives.

        Returns
        -------
        str
            What was done.

        Raises
        ------
        FaultRefused
            There is no such fault; nothing was changed.
        """
        kind, equipment = known(target, name, self._equipment.channels), self._equipment_of(target)
        amount, until = kind.checked_value(value), now + kind.checked_seconds(seconds)
        self._end((target, name), now)
        end = kind.begin(equipment, amount, now)
        if end is not None:
            self._active[target, name] = _Active(f"{target} {name}", end, until)
        text = f"{target} {name}{_amount(kind, amount)}{_duration(kind, seconds)}"
        logger.info("fault: %s", text)
        return text

    def clear(self, now: float, target: str | None = None, name: str | None = None) -> list[str]:
        """End every fault, or those of a target, or one; return which there were.

        Raises
        ------
        FaultRefused
            There is no such target or fault.
        """
        if target is not None and name is not None:
            known(target, name, self._equipment.channels)
        elif target is not None:
            _role(target, self._equipment.channels)
        chosen = [key for key in self._active if target in (None, key[0]) and name in (None, key[1])]
        return [self._end(key, now) for key in reversed(chosen)]

    def advance(self, now: float) -> None:
        """End what has lasted its time at ``now`` (s)."""
        for key in [key for key, each in self._active.items() if each.until <= now]:
            self._end(key, now)

    def _equipment_of(self, target: str) -> Equipment:
        _, channel = _role(target, self._equipment.channels)
        return self._equipment.of(channel) if channel else self._equipment

    def _end(self, key: tuple[str, str], now: float) -> str:
        active = self._active.pop(key, None)
        if active is None:
            return ""
        active.end(now)
        logger.info("fault: %s has ended", active.name)
        return active.name


def known(target: str, name: str, channels: Collection[str] = ()) -> Kind:
    """Return a line of the table.

    Raises
    ------
    FaultRefused
        There is none; names those that there are.
    """
    role, _ = _role(target, channels)
    kind = KIND.get((role, name))
    if kind is None:
        names = ", ".join(each.name for each in KINDS if each.target == role)
        raise FaultRefused(f"{target} {name!r}: no such fault; {target} can have {names}")
    return kind


def _role(target: str, channels: Collection[str]) -> tuple[str, str]:
    """Return the target as in the table and the name of the channel: ``potentiostat_b`` is that of ``b``."""
    if target in TARGETS:
        return target, ""
    role, _, channel = target.rpartition("_")
    if role not in OF_A_CHANNEL or channel not in channels:
        more = (f"{role}_{channel}" for channel in channels for role in OF_A_CHANNEL)
        raise FaultRefused(f"{target!r}: no such target; there are {', '.join((*TARGETS, *more))}")
    return role, channel


def _amount(kind: Kind, value: float) -> str:
    return f" ({value:g} {kind.amount.unit})" if kind.amount else ""


def _duration(kind: Kind, seconds: float | None) -> str:
    if not kind.lasts:
        return ", in an instant"
    return ", until cleared" if seconds is None or math.isinf(seconds) else f", for {seconds:g} s"
