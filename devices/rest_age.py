"""How long a cell has rested."""

import math
from typing import Any

from ophyd import EpicsSignalRO
from ophyd.utils.epics_pvs import AlarmSeverity


class RestAge(EpicsSignalRO):
    """s since current last flowed; not a number as long as nobody knows, which is not the same as just now."""

    def get(self, **kwargs: Any) -> float:
        """Return the age."""
        value = float(super().get(**kwargs))
        return math.nan if self.alarm_severity == AlarmSeverity.INVALID else value
