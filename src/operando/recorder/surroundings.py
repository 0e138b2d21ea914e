"""The NXentry of the sample environment: the whole log of the run, sensor by sensor.

https://manual.nexusformat.org/classes/base_classes/NXenvironment.html
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice
from typing import Any

import h5py

from operando.history import EnvironmentHistory
from operando.recorder.environments import Actuator, Environment, environments
from operando.recorder.instants import NS, iso8601
from operando.recorder.layout import link_fields, make_data, make_group, write_text, write_value
from operando.recorder.run import Run
from operando.recorder.stood import assumed
from operando.recorder.table import Column, Table
from operando.vocabulary import QUANTITY, quantity_of

WINDOW_NS = 60 * NS
"""ns of log read and written at a time."""
AT_ONCE = 10
"""Windows; a plan may have been paused for a night, and frames and heartbeat do not wait for its log."""
SEARCH_NS = 3600 * NS
"""ns of log searched at a time for a sample that a file lacks."""


class Surroundings:
    """The entry of the environment, which grows with the log.

    Parameters
    ----------
    root : h5py.File
        The file.
    run : Run
        Gives zero of time, names and gains.
    name : str
        Of the entry.
    """

    def __init__(self, root: h5py.File, run: Run, name: str = "environment") -> None:
        self.entry = make_group(root, name, "NXentry", default="stack_pressure")
        self._start_ns = run.start_ns
        self._written_ns = run.start_ns - 1
        self._logs: dict[str, Table] = {}
        self._adopted = False
        instrument = make_group(self.entry, "instrument", "NXinstrument")
        write_text(instrument, "name", str(run.setting("name") or ""))
        for environment in environments(run.channels):
            self._write(instrument, environment, run)
        self._plot("stack_pressure", "stack pressure", instrument["pressure/load_cell/value_log"])
        self._plot("voltage", "cell voltage at the terminals", instrument["electrochemistry/voltage/value_log"])

    def extend(self, history: EnvironmentHistory, end_ns: int, whole: bool = False) -> bool:
        """Append some of the log up to an instant that is committed; return whether anything was done.

        Parameters
        ----------
        history : EnvironmentHistory
            The environment log.
        end_ns : int
            UTC, ns since the epoch.
        whole : bool
            Also what does not fill a window.
        """
        if self._adopted:
            self._find_place(history)
        done = False
        for last_ns in islice(self._windows(end_ns, whole), AT_ONCE):
            for quantity, log in self._logs.items():
                samples = history.samples(quantity, self._written_ns + 1, last_ns)
                blocks: dict[str, Any] = {
                    "time": (samples.time_ns - self._start_ns) / NS,
                    "value": samples.value,
                    "quality": samples.quality,
                }
                log.extend(blocks)
            self._written_ns, done = last_ns, True
        return done

    def seal(self) -> None:
        """Declare the samples whole that were flushed."""
        for log in self._logs.values():
            log.seal()

    def adopt(self, root: h5py.File) -> None:
        """Go on with the same entry of another file; where, the next `extend` finds out.

        Raises
        ------
        RecordDamaged
            A sample that should be whole is not.
        """
        self.entry = root[self.entry.name]
        for log in self._logs.values():
            log.adopt(root)
        self._adopted = True

    def _find_place(self, history: EnvironmentHistory) -> None:
        """Cut the logs back to the last window that all of them hold."""
        self._adopted = False
        last_ns = {quantity: self._last_ns(log) for quantity, log in self._logs.items()}
        written_ns = self._window_end(max(last_ns.values()))
        for quantity, found_ns in last_ns.items():
            if self._lacks(history, quantity, found_ns, written_ns):
                written_ns = min(written_ns, self._window_end(found_ns))
        for log in self._logs.values():
            log.cut(bisect_right(log["time"], (written_ns - self._start_ns) / NS, hi=log.length))
        self._written_ns = written_ns

    def _last_ns(self, log: Table) -> int:
        if not log.length:
            return self._start_ns - 1
        return self._start_ns + round(float(log["time"][log.length - 1]) * NS)

    def _window_end(self, time_ns: int) -> int:
        """Return the end of the last window that ended until an instant."""
        first_ns = self._start_ns - 1
        return first_ns + (time_ns - first_ns) // WINDOW_NS * WINDOW_NS

    @staticmethod
    def _lacks(history: EnvironmentHistory, quantity: str, after_ns: int, until_ns: int) -> bool:
        """Return whether there are samples between two instants."""
        starts = range(after_ns + 1, until_ns + 1, SEARCH_NS)
        return any(len(history.samples(quantity, start, min(start + SEARCH_NS - 1, until_ns))) for start in starts)

    def _windows(self, end_ns: int, whole: bool) -> Iterator[int]:
        """Yield the ends of the windows that are still to be written."""
        while self._written_ns + WINDOW_NS <= end_ns:
            yield self._written_ns + WINDOW_NS
        if whole and self._written_ns < end_ns:
            yield end_ns

    def _plot(self, name: str, title: str, log: h5py.Group) -> None:
        link_fields(make_data(self.entry, name, "value", ["time"], title=title), log, ("value", "time"))

    def _write(self, instrument: h5py.Group, environment: Environment, run: Run) -> None:
        group = make_group(instrument, environment.name, "NXenvironment")
        write_text(group, "name", environment.name)
        write_text(group, "type", environment.kind)
        for sensor in environment.sensors:
            place = make_group(group, sensor.name, "NXsensor")
            write_text(place, "name", QUANTITY[sensor.quantity].description)
            write_text(place, "model", str(run.of_channel(environment.channel, sensor.table, "driver") or ""))
            write_text(place, "measurement", sensor.measurement)
            for name, (table, key, unit) in sensor.calibration.items():
                if isinstance(value := run.setting(table, key), str):
                    write_text(place, name, value)
                elif value is not None:
                    write_value(place, name, float(value), unit)
            self._log(place, "value_log", environment.logged(sensor.quantity))
        if environment.actuator:
            self._write_actuator(group, environment.actuator, group[environment.sensors[0].name], run)
        for quantity in environment.further:
            self._log(group, f"{quantity}_log", environment.logged(quantity))

    def _write_actuator(self, parent: h5py.Group, actuator: Actuator, sensor: h5py.Group, run: Run) -> None:
        group = make_group(parent, actuator.name, "NXactuator")
        write_text(group, "name", QUANTITY[actuator.drive].description)
        write_text(group, "type", str(run.setting(actuator.table, "driver") or ""))
        write_text(group, "physical_quantity", actuator.physical_quantity)
        self._log(group, "output_log", actuator.drive)
        regulator = make_group(group, "regulator", "NXpid_controller")
        write_text(regulator, "description", actuator.regulator)
        regulator["pv_sensor"] = sensor
        for name, (table, key, unit) in actuator.gains.items():
            gain = run.setting(table, key)
            if gain is not None:
                write_value(regulator, name, float(gain), unit)
        self._log(regulator, "setpoint_log", actuator.setpoint)

    def _log(self, parent: h5py.Group, name: str, quantity: str) -> None:
        known = quantity_of(quantity)
        if known is None:
            raise KeyError(quantity)
        group = make_group(parent, name, "NXlog")
        write_text(group, "description", known.description)
        columns = (
            Column("time", "s", "time since the start of the run", attributes={"start": iso8601(self._start_ns)}),
            Column("value", known.unit, known.description, attributes=assumed(known)),
            Column("quality", "", "0 good, 1 suspect, 3 not a measurement", "int8", (), 0),
        )
        self._logs[quantity] = Table(group, columns, seal="time")
