"""Motor records that move at their velocity, as EPICS clients know them."""

import asyncio
from dataclasses import dataclass
from typing import Any

from caproto import SkipWrite
from caproto.server import PVGroup, PvpropertyDouble, pvproperty

TICK = 0.05
"""s between two updates of the readback."""


@dataclass(frozen=True, slots=True)
class Travel:
    """What a stage can do.

    Parameters
    ----------
    low, high : float
        mm, soft limits.
    velocity : float
        mm/s.
    """

    low: float = -25.0
    high: float = 25.0
    velocity: float = 5.0


class Position(PvpropertyDouble):
    """VAL of a motor record: outside the limits nothing moves, LVIO says so, and the put still reports success."""

    async def verify_value(self, data: Any) -> Any:
        """Refuse what lies outside the control limits, as the motor record does."""
        refused = not self.lower_ctrl_limit <= data <= self.upper_ctrl_limit
        await self.field_inst.limit_violation.write(int(refused))
        if refused:
            raise SkipWrite
        return await super().verify_value(data)


class Motor(PVGroup):
    """One axis.

    Parameters
    ----------
    prefix : str
        Full name of the record.
    travel : Travel
        Limits and velocity.
    """

    def __init__(self, prefix: str, travel: Travel) -> None:
        super().__init__(prefix)
        self._travel = travel
        self._move: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()

    async def _startup(self, record: Any, layer: Any) -> None:
        """Fill the fields that clients look at."""
        travel, fields = self._travel, record.field_inst
        await record.write_metadata(
            lower_ctrl_limit=travel.low,
            upper_ctrl_limit=travel.high,
            lower_disp_limit=travel.low,
            upper_disp_limit=travel.high,
        )
        await fields.user_low_limit.write(travel.low)
        await fields.user_high_limit.write(travel.high)
        await fields.velocity.write(travel.velocity)
        await fields.engineering_units.write("mm")
        await fields.done_moving_to_value.write(1)

    async def _put(self, record: Any, target: float) -> None:
        """Start towards ``target``, or turn there when already on the way; complete when the axis rests."""
        self._stopped.clear()
        await record.write(target, verify_value=False)
        if self._move is None or self._move.done():
            self._move = asyncio.create_task(self._travel_to_value(record))
        await asyncio.shield(self._move)  # a client that vanishes does not stop the axis
        raise SkipWrite

    async def _travel_to_value(self, record: Any) -> None:
        """Follow VAL at VELO, in ticks, until there or stopped."""
        fields = record.field_inst
        await fields.done_moving_to_value.write(0)
        await fields.motor_is_moving.write(1)
        readback = fields.user_readback_value.value
        while readback != record.value and not self._stopped.is_set():
            await asyncio.sleep(TICK)
            stride = fields.velocity.value * TICK
            readback += min(max(record.value - readback, -stride), stride)
            await fields.user_readback_value.write(readback)
            await fields.dial_readback_value.write(readback)
        if readback != record.value:
            await record.write(readback, verify_value=False)
        await fields.motor_is_moving.write(0)
        await fields.done_moving_to_value.write(1)

    @staticmethod
    async def _stop(fields: Any, record: Any, value: int) -> int:
        """Stop within a tick; STOP itself falls back to 0."""
        if value:
            fields.parent.group.halt()
        return 0

    @property
    def at(self) -> float:
        """Where the axis is, mm."""
        return float(self.position.field_inst.user_readback_value.value)

    def halt(self) -> None:
        """Stop within a tick."""
        self._stopped.set()

    position = pvproperty(
        name="", value=0.0, dtype=Position, record="motor", units="mm", precision=4, put=_put, startup=_startup
    )
    position.fields.stop.putter(_stop)
