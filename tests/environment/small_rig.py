"""Instruments in memory, for tests of the loops: what they are told and when they fail is open to the test."""

import math
from dataclasses import dataclass, field

from control.small_plant import SmallPlant

from operando.control import DriveLimits, RegulatorGains
from operando.environment.axis import Axis
from operando.environment.before import AxisBefore
from operando.environment.pressure import PressureLoop
from operando.environment.pressure_settings import PressureSettings
from operando.errors import InstrumentError, InstrumentRefused, NoReply
from operando.instruments.roles import AmplifierStatus, ControllerStatus, TemperatureReading
from operando.vocabulary import Mode, Quality, Reading

AREA = 78.54  # mm2
PERIOD = 0.05  # s
HEALTHY = AmplifierStatus(True, False, False, False, False, False, False)
START_NS = 1_790_000_000_000_000_000
SETTINGS = PressureSettings(
    area=AREA,
    tare=0.0,
    capacity=10_000.0,
    tolerance=0.05,
    settle_time=2.0,
    ramp_rate=0.5,
    gains=RegulatorGains(proportional=1.0, integral=40.0),
    limits=DriveLimits(low=-20.0, high=130.0, slew=100.0),
)


@dataclass
class Rig:
    """A plant with a load cell and an amplifier on it; both roles in one."""

    plant: SmallPlant = field(default_factory=SmallPlant)
    now_ns: int = START_NS
    failing: InstrumentError | None = None
    lying: Reading | None = None
    deaf: bool = False
    written: list[float] = field(default_factory=list)
    prepared: list[float] = field(default_factory=list)
    status: AmplifierStatus = HEALTHY
    output: float | None = None
    settings: str = ""
    refusing: str = ""

    def read_force(self) -> Reading:
        if self.failing:
            raise self.failing
        if self.lying:
            return self.lying
        return Reading(self.plant.reading() * AREA, self.now_ns)

    def prepare(self, slew_limit: float) -> None:
        if self.refusing:
            raise InstrumentRefused(self.refusing)
        self.prepared.append(slew_limit)
        self.settings = ""

    def read_drive(self) -> float:
        if self.deaf:
            raise NoReply("NV200: nothing came")
        return self.plant.drive

    def write_drive(self, volts: float) -> None:
        if self.deaf:
            raise InstrumentError("line lost")
        self.written.append(volts)
        self.plant.drive = volts

    def read_output(self) -> float:
        return self.plant.drive if self.output is None else self.output

    def read_status(self) -> AmplifierStatus:
        if self.deaf:
            raise NoReply("NV200: nothing came")
        return self.status

    def changed_settings(self) -> str:
        return self.settings


class PressureBench:
    """A pressure loop on a rig, in virtual time."""

    def __init__(
        self,
        rig: Rig | None = None,
        previous_target: float | None = None,
        previous_mode: Mode = Mode.CLOSED_LOOP,
        before: AxisBefore | None = None,
    ) -> None:
        self.rig = rig or Rig()
        self.axes: list[Axis] = []
        self.notes: list[str] = []
        self.loop = PressureLoop(
            self.rig,
            self.rig,
            SETTINGS,
            self.axes.append,
            self.notes.append,
            before or AxisBefore(previous_target, previous_mode, id="" if previous_target is None else "before"),
            now_ns=lambda: self.rig.now_ns,
        )

    def run(self, seconds: float, breathing_rate: float = 0.0) -> list[Axis]:
        """Let virtual time pass; return what was published meanwhile."""
        count = round(seconds / PERIOD)
        for _ in range(count):
            self.loop.step(PERIOD)
            self.rig.plant.run(PERIOD, breathing_rate)
            self.rig.now_ns += round(PERIOD * 1e9)
        return self.axes[-count:]

    @property
    def now(self) -> Axis:
        return self.axes[-1]


@dataclass
class FakeController:
    """A temperature controller that ramps a tenth of its way at each look."""

    setpoint: float = 25.0
    target: float = 25.0
    rate: float | None = None
    output: float = 20.0
    failing: InstrumentError | None = None
    refusing: bool = False
    status: ControllerStatus = field(default_factory=ControllerStatus)
    now_ns: int = START_NS
    log: list[str] = field(default_factory=list)

    def read(self) -> TemperatureReading:
        self._fail()
        step = 1.0
        self.setpoint += max(-step, min(step, self.target - self.setpoint))
        value = Reading(self.setpoint, self.now_ns)
        if self.status.sensor_break:
            value = Reading(math.nan, self.now_ns, Quality.INVALID)
        return TemperatureReading(value, self.setpoint, self.target, self.output, self.status)

    def write_target(self, celsius: float) -> None:
        self._fail()
        if self.refusing:
            raise InstrumentRefused("Eurotherm: illegal value")
        self.log.append(f"target {celsius:g}")
        self.target = celsius

    def write_ramp_rate(self, kelvin_per_min: float) -> None:
        self._fail()
        self.log.append(f"rate {kelvin_per_min:g}")
        self.rate = kelvin_per_min

    def hold(self) -> None:
        self._fail()
        self.log.append("hold")
        self.target = self.setpoint

    def standby(self) -> None:
        self._fail()
        self.log.append("standby")
        self.output = 0.0

    def resume(self) -> None:
        self._fail()
        self.log.append("resume")

    def refresh(self) -> None:
        self._fail()

    @property
    def wearing_writes(self) -> int:
        return sum(line.startswith(("target", "hold")) for line in self.log)

    def _fail(self) -> None:
        if self.failing:
            raise self.failing
