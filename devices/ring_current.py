"""The current in the storage ring."""

from typing import Any

from ophyd import EpicsSignalRO


class RingCurrent(EpicsSignalRO):
    """mA; below a few there is no beam."""

    def __init__(self, read_pv: str, *, name: str, **kwargs: Any) -> None:
        super().__init__(read_pv, name=name, kind="hinted", **{"auto_monitor": True, **kwargs})
