"""The load cell as the regulator sees it: the stack pressure, and whether it may be regulated on."""

from collections.abc import Callable
from dataclasses import replace

from operando.control import Plausibility, Repetition, judge
from operando.environment.pressure_settings import PressureSettings
from operando.errors import InstrumentError
from operando.instruments.roles import LoadCell
from operando.vocabulary import Quality, Reading

NAN = float("nan")
READINGS_TO_FAULT = 3
"""Bad readings in a row that make a fault; the drive is held from the first."""
BELIEVED = Plausibility(oldest=0.25, fastest=50.0, noise=0.5)
"""The drive alone moves a stiff stack by 16 MPa/s (100 V/s at 0.156 MPa/V); 50 leaves room for a cell that slips."""


class PressureSensor:
    """Turns force into pressure and judges it.

    Parameters
    ----------
    load_cell : LoadCell
        Owned by the thread that calls `read`.
    settings : PressureSettings
        Area, tare, capacity, and how often the same number is believed.
    note : callable
        Takes a line for the service's log.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(
        self, load_cell: LoadCell, settings: PressureSettings, note: Callable[[str], None], now_ns: Callable[[], int]
    ) -> None:
        self._load_cell = load_cell
        self._settings = settings
        self._note = note
        self._now_ns = now_ns
        self._repetition = Repetition()
        self._missed = 0
        self.last_good: Reading | None = None
        """MPa."""

    @property
    def lost(self) -> bool:
        """Whether there was no reading to regulate on for some time."""
        return self._missed >= READINGS_TO_FAULT

    def read(self) -> Reading:
        """Return the stack pressure, MPa; not a number where it is INVALID."""
        force, why = self._force()
        pressure = replace(force, value=(force.value - self._settings.tare) / self._settings.area)
        quality = judge(pressure, self.last_good, self._now_ns(), BELIEVED)
        if quality is Quality.GOOD:
            if self.lost:
                self._note(f"load cell: reads {pressure.value:.3f} MPa again after {self._missed} steps without")
            self._missed, self.last_good = 0, pressure
            return pressure
        if self._missed == 0:
            self._note(f"load cell: {why or self._doubt(pressure)}; the drive is held")
        self._missed += 1
        return replace(pressure, value=NAN if quality is Quality.INVALID else pressure.value, quality=quality)

    def _force(self) -> tuple[Reading, str]:
        """Return the force, N, and why it is INVALID, where that is known."""
        try:
            force = self._load_cell.read_force()
        except InstrumentError as error:
            return Reading(NAN, self._now_ns(), Quality.INVALID), str(error)
        self._repetition = self._repetition.then(force.value)
        if abs(force.value) > self._settings.capacity:
            beyond = f"{force.value:.1f} N is beyond its capacity of {self._settings.capacity:g} N"
            return replace(force, quality=Quality.INVALID), beyond
        if self._repetition.count >= self._settings.frozen_after:
            frozen = f"exactly {force.value:.3f} N {self._repetition.count} times in a row: frozen"
            return replace(force, quality=Quality.INVALID), frozen
        return force, ""

    def _doubt(self, pressure: Reading) -> str:
        age = (self._now_ns() - pressure.time_ns) * 1e-9
        before = self.last_good.value if self.last_good else NAN
        return f"{pressure.value:.3f} MPa, {age:.2f} s old, is not believed ({before:.3f} MPa was good last)"
