"""A setpoint on its way to a target at a constant rate."""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Ramp:
    """Where the setpoint is now, and where it is going; unit of the quantity throughout.

    Parameters
    ----------
    setpoint : float
        Demanded now.
    target : float
        Asked for.
    rate : float
        Unit per second, positive.
    """

    setpoint: float
    target: float
    rate: float

    @property
    def arrived(self) -> bool:
        """Whether the setpoint stands at the target."""
        return self.setpoint == self.target

    def towards(self, target: float) -> "Ramp":
        """Return the ramp to a new target, from the setpoint as it stands: a lagging readback makes no step back."""
        return replace(self, target=target)

    def frozen(self) -> "Ramp":
        """Return the ramp ended where the setpoint is."""
        return replace(self, target=self.setpoint)


def step(ramp: Ramp, dt: float) -> Ramp:
    """Move the setpoint towards the target; never past it.

    Parameters
    ----------
    ramp : Ramp
        Before.
    dt : float
        s since the last step.

    Examples
    --------
    >>> step(Ramp(setpoint=80.0, target=85.0, rate=0.5), dt=2.0).setpoint
    81.0
    """
    distance = ramp.target - ramp.setpoint
    reach = ramp.rate * max(dt, 0.0)
    if abs(distance) <= reach:
        return replace(ramp, setpoint=ramp.target)
    return replace(ramp, setpoint=ramp.setpoint + math.copysign(reach, distance))
