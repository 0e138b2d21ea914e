"""A heater's ramp that waits while the stack pressure cannot follow, and goes on afterwards."""

CALM = 10.0
"""s without any reason to wait before a ramp goes on: each wait may cost two of the controller's 100,000 writes."""


class RampGate:
    """Open, or closed for a reason; the target that waits behind it is kept."""

    def __init__(self) -> None:
        self._reasons = ("", "")
        self._calm = 0.0
        self.target: float | None = None
        """°C, where the ramp that waits will go; None where none waits."""

    def close(self, heating: str, cooling: str) -> None:
        """Say why the setpoint may not rise, and why it may not fall; nothing where it may. From any thread."""
        self._reasons = heating, cooling

    def reason(self, setpoint: float, target: float) -> str:
        """Return why the way from setpoint to target is closed, or nothing."""
        heating, cooling = self._reasons
        return heating if target > setpoint else cooling

    def wait(self, target: float) -> None:
        """Keep a target until the way is open."""
        self.target, self._calm = target, 0.0

    def opened(self, setpoint: float, dt: float) -> bool:
        """Return whether the way of the target that waits has been open for long enough; ``dt`` in s."""
        closed = self.target is None or self.reason(setpoint, self.target)
        self._calm = 0.0 if closed else self._calm + dt
        return self._calm >= CALM
