"""What stack pressure and temperature mean for each other: heater ramps that wait, an uncertainty of the pressure."""

import math
from collections.abc import Callable
from dataclasses import replace

from operando.config import Endstation
from operando.environment.axis import Axis
from operando.environment.ramp_gate import RampGate
from operando.environment.uncertainty import PressureUncertainty
from operando.vocabulary import AxisState, Mode, Quality, Reading, Request

NAN = float("nan")
INTERVAL_NS = 500_000_000
"""ns between two values of what changes slowly; the recorder joins exposures with two a second."""


class Coupling:
    """Sees every look at both quantities; never blocks.

    Parameters
    ----------
    config : Endstation
        How the stack answers a change of temperature, and when heater ramps wait.
    publish : callable
        Takes the name of a logged quantity and its reading.
    gate : RampGate
        Of the heater.
    """

    def __init__(self, config: Endstation, publish: Callable[[str, Reading], None], gate: RampGate) -> None:
        self._pressure, self._heater = config.pressure, config.heater
        self._where = f"{config.file}: [pressure] pressure_per_kelvin_MPa_per_K"
        self._uncertainty = PressureUncertainty(config)
        self._publish = publish
        self._gate = gate
        self._stack: Axis | None = None
        self._celsius = NAN
        self._told_ns = 0

    def temperature(self, axis: Axis) -> None:
        """See a look at the temperature."""
        self._celsius = axis.readback.value

    def pressure(self, axis: Axis) -> None:
        """See a look at the stack pressure: close the heater's gate, or open it."""
        self._stack = axis
        self._gate.close(self._why_wait(axis, "down"), self._why_wait(axis, "up"))
        if axis.readback.time_ns - self._told_ns >= INTERVAL_NS:
            self._told_ns = axis.readback.time_ns
            self._tell(axis)

    def objection(self, request: Request) -> str:
        """Return why a target of the temperature would take the stack pressure with it, or nothing."""
        axis, share = self._stack, self._pressure.pressure_per_kelvin_MPa_per_K
        if request.field != "target" or axis is None or axis.authority is None or axis.mode is not Mode.CLOSED_LOOP:
            return ""
        needed = share * (request.value - self._celsius)
        left, side = (axis.authority.down, "down") if needed > 0 else (axis.authority.up, "up")
        if math.isnan(needed) or abs(needed) <= left:
            return ""
        return (
            f"from {self._celsius:.1f} to {request.value:.1f} °C the stack changes by {needed:.1f} MPa at "
            f"{share:g} MPa/K ({self._where}), and the piezo at {axis.drive.value:.1f} V has {left:.1f} MPa of stroke "
            f"left {side}: turn the preload first, go in parts, or ask for mode {Mode.CONSTANT_VOLUME.value}"
        )

    def _why_wait(self, axis: Axis, side: str) -> str:
        """Return why the temperature must not go where the piezo has to follow ``up`` or ``down``, or nothing."""
        if axis.mode is Mode.RELEASED:
            return ""
        if axis.state is AxisState.FAULT:
            return "the stack pressure is in fault"
        if axis.mode is not Mode.CLOSED_LOOP or axis.authority is None:
            return ""
        left = axis.authority.up if side == "up" else axis.authority.down
        if left < (least := self._heater.waits_below_authority_MPa):
            return f"{left:.2f} MPa of stroke left {side}, less than waits_below_authority_MPa = {least:g}"
        error = abs(axis.setpoint - axis.readback.value)
        if axis.readback.quality is Quality.GOOD and error > (most := self._heater.waits_above_error_MPa):
            return f"the stack pressure is off by {error:.2f} MPa, more than waits_above_error_MPa = {most:g}"
        return ""

    def _tell(self, axis: Axis) -> None:
        self._publish("stack_pressure_uncertainty", self._uncertainty.of(axis.readback, self._celsius))
        if axis.authority is None:
            return
        for name, left in (("authority_up", axis.authority.up), ("authority_down", axis.authority.down)):
            low = left < self._pressure.authority_warning_MPa
            quality = max(axis.drive.quality, Quality.SUSPECT if low else Quality.GOOD)
            self._publish(name, replace(axis.drive, value=left, quality=quality))
