"""The environment service: instruments, loops, log and records, assembled."""

import gc
import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from operando.config import Endstation
from operando.disk import DiskWatch, Limits, Watched
from operando.environment.axis import Axis
from operando.environment.blackbox import BlackBox
from operando.environment.cells import Cells
from operando.environment.coupling import Coupling
from operando.environment.desks import desks
from operando.environment.equipment import Equipment, open_equipment
from operando.environment.heartbeats import Heartbeats
from operando.environment.interlock_table import interlock_table
from operando.environment.interlocks import Acting, Interlocks
from operando.environment.limits import pressure_fields, temperature_fields
from operando.environment.log_keeping import LogKeeping
from operando.environment.memory import Facts, Memory
from operando.environment.ownership import Ownership
from operando.environment.pressure import PressureLoop
from operando.environment.pressure_settings import PressureSettings
from operando.environment.publication import Publication
from operando.environment.record_table import record_table
from operando.environment.schedule import Schedule, ask_for_realtime, until
from operando.environment.slow_facts import SlowFacts
from operando.environment.takeover import Before, axis_facts
from operando.environment.temperature import TemperatureLoop
from operando.environment.timing import Timing
from operando.environment.wear import Wear
from operando.environment.worker import Worker
from operando.errors import EndstationError
from operando.history import EnvironmentHistory, EnvironmentLog
from operando.records import Put, RecordServer
from operando.vocabulary import Reading

START_LIMIT = 5.0
"""s that the first readings may take; without them the service serves all the same, in fault."""
STOP_LIMIT = 5.0
"""s for a thread to end: the slowest conversation with an instrument."""
_logger = logging.getLogger(__name__)


def run(config: Endstation, root: Path, ca_port: int, ready: Callable[[], None], realtime: bool = True) -> None:
    """Own the sample environment until SIGTERM or SIGINT, then leave drive, heater and cell script as they are.

    Parameters
    ----------
    config : Endstation
        What the endstation is.
    root : Path
        State root.
    ca_port : int
        Loopback port for Channel Access.
    ready : callable
        Called once everything is measured and served.
    realtime : bool
        Ask for real-time priority for the pressure loop.

    Raises
    ------
    ConfigurationError
        A serial port is not there or not free; nothing was started.
    InstrumentError
        The amplifier must not be driven from here; it was not moved.
    EndstationError
        A thread failed, or the port is taken.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    service = Service(config, root, open_equipment(config, root), stop, realtime)
    try:
        service.serve(ca_port)
        service.wait_for_readings()
        gc.collect()
        gc.freeze()  # a collection of everything that was imported would stop the regulating thread for 80 ms
        ready()
        stop.wait()
    finally:
        service.close()
    if failures := service.failures():
        raise EndstationError(f"environment service: {'; '.join(failures)}; drive, heater and cell script stay")


class Service:
    """The loops, bound to instruments, log and records.

    Parameters
    ----------
    config : Endstation
        What the endstation is.
    root : Path
        State root.
    equipment : Equipment
        Its instruments, open.
    stop : Event
        Ends everything.
    realtime : bool
        Ask for real-time priority for the pressure loop.
    """

    def __init__(
        self, config: Endstation, root: Path, equipment: Equipment, stop: threading.Event, realtime: bool = True
    ) -> None:
        self._config = config
        self._stop = stop
        self._realtime = realtime
        self._workers: dict[str, Worker] = {}
        folder = root / "environment"
        file = root / "run" / "environment.json"
        self._before = before = Before(file, config.control.memory_limit_s, time.time_ns())
        self._axes: dict[str, Axis] = {}
        self._log = EnvironmentLog(folder)
        self._publication = Publication(self._log)
        watched = [Watched("environment log", folder, remake=True)]
        self._disk = DiskWatch(watched, Limits(*config.disk.limits), str(config.file))
        self._keeping = LogKeeping(self._log, self._disk, self._publication.show, self._publication.note)
        self._heartbeats = Heartbeats(self._publication.show)
        self._ownership = Ownership(
            config.control.owner_lapse_s,
            f"{config.file}: [control] owner_lapse_s",
            lambda owner: self._publication.show("CONTROL:OWNER", owner),
            before.owner,
        )
        with closing(EnvironmentHistory(folder)) as history:
            self._cells = Cells(
                config, equipment, self._publication, self._log, before, history, lambda: self._readback("temperature")
            )
            self._wear = Wear(history.last("heater_writes"), self._publication.reading, self._publication.note)
        self._pressure = self._make_pressure(equipment)
        self._temperature = self._make_temperature(equipment)
        self._coupling = Coupling(config, self._publication.reading, self._temperature.gate)
        self._box = BlackBox(root / "blackbox")
        self._interlocks = self._make_interlocks()
        self._publication.watch(self._interlocks)
        self._slow_facts = SlowFacts(self._disk, self._keeping.unwritten, self._heartbeats, self._publication.fact)
        self._memory = Memory(file, self._facts())
        self._schedule = Schedule(1 / config.pressure.rate_Hz, until(stop))
        self._timing = Timing(self._schedule, self._pressure.reading_ages, self._publication.show)
        self._server: RecordServer | None = None

    def serve(self, ca_port: int) -> None:
        """Start the records, then every thread."""
        channels = tuple(channel.name for channel in self._config.channels)
        table = record_table(self._puts(), channels)
        self._server = server = RecordServer(self._config.prefix, ca_port, table, locked=True)
        self._show_limits()
        heater = Schedule(self._config.heater.poll_interval_s, until(self._stop, self._temperature.told))
        self._disk.start()
        self._start("publication", lambda: self._publication.serve(server))
        self._start("log", self._commit)
        self._start("memory", lambda: self._memory.serve(self._stop))
        self._start("black box", lambda: self._box.serve(self._stop))
        self._start("slow facts", lambda: self._slow_facts.serve(self._stop))
        self._start("pressure", self._regulate)
        self._start("temperature", lambda: heater.run(self._temperature.step))
        for name, work in self._cells.workers(self._stop).items():
            self._start(name, work)

    def wait_for_readings(self) -> None:
        """Wait for the first readings, a while."""
        for name, started in (("stack pressure", self._pressure.started), ("temperature", self._temperature.started)):
            if not started.wait(START_LIMIT) and not self._stop.is_set():
                _logger.error("%s: no reading within %.0f s; its drive is held", name, START_LIMIT)

    def close(self) -> None:
        """Stop regulating, pass on what was measured, commit the log."""
        self._stop.set()
        cells = self._cells.workers(self._stop)
        for name in ("pressure", "temperature", *cells, "log", "memory", "black box", "slow facts"):
            if name in self._workers:
                self._workers[name].join(STOP_LIMIT)
        self._publication.close()
        if "publication" in self._workers:
            self._workers["publication"].join(STOP_LIMIT)
        if self._server:
            self._server.close()
        self._keeping.close()
        self._disk.close()
        _logger.info("stopped: drive, heater and cell script stay as they are")

    def failures(self) -> list[str]:
        """Return what ended the service, if not a signal."""
        return [f"{name}: {worker.failure}" for name, worker in self._workers.items() if worker.failure]

    def _start(self, name: str, work: Callable[[], None]) -> None:
        self._workers[name] = Worker(name, work, self._stop)

    def _regulate(self) -> None:
        granted, words = ask_for_realtime() if self._realtime else (False, "no real-time priority was asked for")
        self._publication.show("ENVIRONMENT:REALTIME", int(granted))
        self._publication.note(f"pressure loop at {self._config.pressure.rate_Hz:g} Hz: {words}", logging.INFO)
        self._schedule.run(self._regulate_once)
        self._publication.note(self._timing.summary(), logging.INFO)

    def _regulate_once(self, dt: float) -> None:
        self._pressure.step(dt)
        self._interlocks.step(dt)

    def _commit(self) -> None:
        while not self._stop.wait(self._keeping.commit()):
            self._timing.serve()

    def _make_pressure(self, equipment: Equipment) -> PressureLoop:
        return PressureLoop(
            equipment.load_cell,
            equipment.amplifier,
            PressureSettings.of(self._config),
            self._tell_pressure,
            self._publication.note,
            self._before.axis("stack_pressure", pressure_fields(self._config)),
        )

    def _make_temperature(self, equipment: Equipment) -> TemperatureLoop:
        return TemperatureLoop(
            equipment.controller,
            self._config.heater,
            self._tell_temperature,
            self._publication.note,
            self._before.axis("temperature", temperature_fields(self._config)),
        )

    def _make_interlocks(self) -> Interlocks:
        return Interlocks(
            interlock_table(self._config),
            Acting(cells=self._cells.runners, heat=self._temperature, pressure=self._pressure),
            self._publication,
            self._box,
            self._before.facts("interlocks"),
        )

    def _tell_pressure(self, axis: Axis) -> None:
        self._tell("stack_pressure", "piezo_drive", "PRESSURE", axis)
        self._coupling.pressure(axis)

    def _tell_temperature(self, axis: Axis) -> None:
        self._tell("temperature", "heater_drive", "TEMPERATURE", axis)
        self._coupling.temperature(axis)
        self._wear.see(self._temperature.writes, axis.readback.time_ns)

    def _tell(self, quantity: str, drive: str, subsystem: str, axis: Axis) -> None:
        self._axes[quantity] = axis
        self._publication.axis(quantity, drive, subsystem, axis)

    def _facts(self) -> dict[str, Callable[[], Facts]]:
        """Who tells what a restarted service must know; what is not yet looked at is left as it was remembered."""

        def of_axis(quantity: str, tolerance: float, settle_time: float, rate: float) -> Facts:
            axis = self._axes.get(quantity)
            configured = {"tolerance": tolerance, "settle_time": settle_time, "ramp_rate": rate / 60}
            return axis_facts(axis, configured) if axis else self._before.facts(quantity)

        stack, heat = self._config.pressure, self._config.heater
        of_stack = stack.tolerance_MPa, stack.settle_time_s, stack.ramp_rate_MPa_per_min
        of_heat = heat.tolerance_C, heat.settle_time_s, heat.ramp_rate_K_per_min
        return {
            "stack_pressure": lambda: of_axis("stack_pressure", *of_stack),
            "temperature": lambda: of_axis("temperature", *of_heat),
            **self._cells.facts(),
            "control": lambda: {"owner": self._ownership.owner},
            "interlocks": self._interlocks.facts,
        }

    def _readback(self, quantity: str) -> Reading | None:
        axis = self._axes.get(quantity)
        return axis.readback if axis else None

    def _show_limits(self) -> None:
        pressure, heater = self._config.pressure, self._config.heater
        self._publication.show("PRESSURE:TARGET_LOW", pressure.low_limit_MPa)
        self._publication.show("PRESSURE:TARGET_HIGH", pressure.high_limit_MPa)
        self._publication.show("TEMPERATURE:TARGET_LOW", heater.low_limit_C)
        self._publication.show("TEMPERATURE:TARGET_HIGH", heater.high_limit_C)
        self._publication.show("CONTROL:CELLS", " ".join(self._cells.by_subsystem()))

    def _puts(self) -> dict[str, Put]:
        """Who takes what clients put."""
        puts = desks(
            self._config,
            self._pressure,
            self._temperature,
            self._cells.by_subsystem(),
            self._coupling,
            self._publication.show,
            self._ownership,
            self._heartbeats,
            self._interlocks.objection,
        )
        interlocks = self._interlocks.desk(self._ownership)
        puts |= {"INTERLOCK:REQUEST": interlocks.on_request, "INTERLOCK:RESET": interlocks.on_put("reset")}
        return puts | {"ENVIRONMENT:TIMING_RESET": self._timing.on_reset}
