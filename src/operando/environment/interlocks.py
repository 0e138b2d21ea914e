"""The interlock supervisor: sees every reading, judges at the rate of the pressure loop, acts in order, latches."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import Any

from operando.control import interlock
from operando.control.interlock import Actions, Interlock, InterlockState, Trip
from operando.environment.axis import Change
from operando.environment.blackbox import BlackBox
from operando.environment.limits import COMMAND
from operando.environment.open_circuit import RECORD, cell_of_record
from operando.environment.ownership import Ownership
from operando.environment.publication import Publication
from operando.environment.requests import RequestDesk
from operando.environment.safe import Subsystem
from operando.records import Value
from operando.vocabulary import OPEN_READ_BACK, CurrentAction, HeatAction, Mode, PressureAction, Reading

SAID_EVERY = 1.0
"""s between two entries of ``interlock_tripped`` in the log, beside its changes."""
SAMPLES_AT_ONCE = 200
"""Samples that are judged in one step, some ms: what waits for a service that stood still must not stop the loop."""
PATIENCE = 3.0
"""s that the pressure loop may take for a reset: an amplifier that does not answer is asked again after one."""


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, in the order in which they are told.

    Parameters
    ----------
    cells : mapping of str to Subsystem
        Who opens the circuit of which cell, by its channel; empty for the main cell.
    heat, pressure : Subsystem
        Of the endstation.
    """

    cells: Mapping[str, Subsystem]
    heat: Subsystem
    pressure: Subsystem


class Interlocks:
    """Watches everything that is published; `step` belongs to the thread of the pressure loop.

    Nothing here touches a disk or waits: what is to be done is told to the threads that own the instruments.

    Parameters
    ----------
    table : sequence of Interlock
        The rows.
    acting : Acting
        Who opens the circuit, switches the heat off, holds or releases the piezo.
    publication : Publication
        Of records, log quantity and lines.
    box : BlackBox
        Remembers.
    before : mapping
        What `facts` of the service before returned: a trip outlives a restart, and is acted on again.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(
        self,
        table: Sequence[Interlock],
        acting: Acting,
        publication: Publication,
        box: BlackBox,
        before: Mapping[str, Any],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._table = tuple(table)
        self._acting = acting
        self._publication = publication
        self._box = box
        self._now_ns = now_ns
        self._readings: dict[str, Reading] = {}
        self._state = InterlockState(trips=_recalled(before))
        self._acted = Actions()
        self._opened: frozenset[str] = frozenset()
        self._seen_open = dict.fromkeys(acting.cells, "")  # never grows: another thread writes what this one reads
        self._samples: SimpleQueue[Mapping[str, Reading]] = SimpleQueue()
        self._mode = ""
        self._mode_before = str(before.get("mode", ""))
        self._resets: SimpleQueue[Change] = SimpleQueue()
        self._until_said = 0.0
        for trip in self._state.trips:
            publication.note(f"INTERLOCK {trip.name} had tripped before this start and is still latched: {trip.words}")

    def take(self, name: str, reading: Reading) -> None:
        """See a reading or a fact; never blocks, from any thread."""
        self._readings[name] = reading
        self._box.take(name, reading)

    def take_sample(self, readings: Mapping[str, Reading]) -> None:
        """See all that came with one sample of a cell; never blocks, from any thread."""
        self._samples.put(readings)
        for name, reading in readings.items():
            self._box.take(name, reading)

    def shown(self, record: str, value: Value, time_ns: int) -> None:
        """See a change of state; never blocks, from any thread."""
        if record == "PRESSURE:MODE":
            self._mode = str(value)
        elif record.endswith(f":{RECORD}") and (channel := cell_of_record(record)) in self._seen_open:
            self._seen_open[channel] = str(value)
        self._box.shown(record, value, time_ns)

    def step(self, dt: float) -> None:
        """Judge every sample that came, then every row, and act on what has tripped since the last step.

        Parameters
        ----------
        dt : float
            s since then.
        """
        while not self._resets.empty():
            self._reset(self._resets.get())
        before = self._state
        self._state = after = interlock.step(self._judged_samples(), self._table, self._readings, dt)
        if after.trips and not before.trips:
            self._mode_before = self._mode
        for trip in after.trips[len(before.trips) :]:
            self._until_said = 0.0
            self._box.trip(trip)
            self._publication.note(f"INTERLOCK {trip.name} has TRIPPED: {trip.words}", logging.ERROR)
        if after.alarms.keys() != before.alarms.keys():
            self._tell_alarms(before.alarms, after.alarms)
        self._act(after.actions)
        self._publish(dt)

    def objection(self) -> str:
        """Return why nothing may be moved or started now, or nothing; from any thread."""
        trips = self._state.trips
        return f"tripped by {_first_out(trips)}; latched until INTERLOCK:RESET" if trips else ""

    def objection_to_reset(self) -> str:
        """Return which causes still stand, or nothing; from any thread.

        What a cell's samples showed is over when its circuit was read back as open, and not before.
        """
        seen = {channel for channel, text in self._seen_open.items() if text.startswith(OPEN_READ_BACK)}
        table = [row for row in self._table if row.cell not in seen]
        watches = [watch for row, watch in zip(self._table, self._state.watches, strict=False) if row.cell not in seen]
        still = interlock.standing(replace(self._state, watches=tuple(watches)), table)
        still += [
            f"{trip.name}: {self._seen_open.get(trip.cell) or 'its circuit was not yet read back as open'}"
            for trip in self._state.trips
            if trip.cell in self._acting.cells.keys() - seen and trip.actions.current is CurrentAction.OPEN
        ]
        return f"the cause still stands: {'; '.join(still)}" if still else ""

    def tell(self, change: Change) -> None:
        """Reset, on somebody's word; waits for the piezo, so not to be called by a thread that measures."""
        if not self._state.trips:
            change.carried_out()
        elif but := self._piezo_objects():
            change.carried_out(but)
        else:
            self._resets.put(change)

    def desk(self, ownership: Ownership) -> RequestDesk:
        """Return who takes the requests for a reset.

        Parameters
        ----------
        ownership : Ownership
            Who is in control; a reset is nobody's own.
        """
        return RequestDesk(
            "interlocks",
            "INTERLOCK",
            {"reset": COMMAND},
            self.tell,
            lambda _: self.objection_to_reset(),
            self._publication.show,
            ownership,
        )

    def facts(self) -> dict[str, Any]:
        """Return what a restarted service must know; from any thread."""
        trips = [
            {
                "name": trip.name,
                "words": trip.words,
                "time_ns": trip.time_ns,
                "current": trip.actions.current.name,
                "heat": trip.actions.heat.name,
                "pressure": trip.actions.pressure.name,
                "cell": trip.cell,
            }
            for trip in self._state.trips
        ]
        return {"trips": trips, "mode": self._mode_before} if trips else {}

    def _piezo_objects(self) -> str:
        """Have the amplifier taken as it is now, where a trip was about it; return why that cannot be, or nothing."""
        watched = {row.name: row.quantity for row in self._table}
        about_amplifier = any(watched.get(trip.name, "").startswith("amplifier_") for trip in self._state.trips)
        if self._acted.pressure is not PressureAction.RELEASE and not about_amplifier:
            return ""
        done: Future[str] = Future()
        self._acting.pressure.tell(Change("reset", done=done))
        try:
            return done.result(PATIENCE)
        except TimeoutError:
            return f"the pressure loop has not answered within {PATIENCE:g} s"

    def _reset(self, change: Change) -> None:
        acted, self._acted = self._acted, Actions()
        self._state = interlock.reset(self._state)
        self._until_said = 0.0
        opened, self._opened = self._opened, frozenset()
        for channel in sorted(opened):
            self._acting.cells[channel].tell(Change("reset"))
        if acted.heat is HeatAction.OFF:
            self._acting.heat.tell(Change("reset"))
        if acted.pressure is PressureAction.HOLD and self._mode_before == Mode.CLOSED_LOOP:
            self._acting.pressure.tell(Change("mode", text=Mode.CLOSED_LOOP.value))
        self._publication.note(f"INTERLOCK reset (request {change.id}); the cell stays at rest until it is started")
        change.carried_out()

    def _act(self, wanted: Actions) -> None:
        """Tell who has not been told yet: current, then heat, then pressure."""
        acted, self._acted = self._acted, wanted
        opened, self._opened = self._opened, self._to_open()
        for channel in sorted(self._opened - opened):
            self._acting.cells[channel].tell(Change("safe"))
        if wanted.heat > acted.heat:
            self._acting.heat.tell(Change("safe" if wanted.heat is HeatAction.OFF else "stop"))
        if wanted.pressure > acted.pressure:
            release = wanted.pressure is PressureAction.RELEASE
            held = Change("mode", text=Mode.CONSTANT_VOLUME.value)
            self._acting.pressure.tell(Change("safe") if release else held)

    def _to_open(self) -> frozenset[str]:
        """Return the channels whose cells a trip wants at open circuit: its own, or all."""
        found: set[str] = set()
        for trip in self._state.trips:
            if trip.actions.current is CurrentAction.OPEN:
                found |= self._acting.cells.keys() if trip.cell is None else {trip.cell} & self._acting.cells.keys()
        return frozenset(found)

    def _judged_samples(self) -> InterlockState:
        """Return the state after the samples that came since the last step, each judged for itself."""
        state = self._state
        for _ in range(SAMPLES_AT_ONCE):
            try:
                sample = self._samples.get_nowait()
            except Empty:
                break
            self._readings.update(sample)
            state = interlock.sampled(state, self._table, self._readings, sample.keys())
        return state

    def _tell_alarms(self, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        for name in after.keys() - before.keys():
            self._publication.note(f"ALARM {name}: {after[name]}")
        for name in before.keys() - after.keys():
            self._publication.note(f"alarm {name} is over", logging.INFO)
        risen = [row for row in self._table if row.name in after and row.name not in before]
        if any(row.actions.heat is HeatAction.FREEZE for row in risen) and self._acted.heat is HeatAction.STAY:
            self._acting.heat.tell(Change("stop"))

    def _publish(self, dt: float) -> None:
        state = self._state
        self._publication.show("INTERLOCK:FIRST_OUT", _first_out(state.trips))
        self._publication.show("INTERLOCK:ALARMS", "; ".join(f"{name}: {text}" for name, text in state.alarms.items()))
        self._until_said -= dt
        if self._until_said <= 0:
            self._until_said = SAID_EVERY
            self._publication.reading("interlock_tripped", Reading(float(bool(state.trips)), self._now_ns()))


def _first_out(trips: Sequence[Trip]) -> str:
    if not trips:
        return ""
    moment = datetime.fromtimestamp(trips[0].time_ns / 1e9, UTC)
    return f"{trips[0].name}: {trips[0].words}, {moment.isoformat(timespec='milliseconds')}"


def _recalled(before: Mapping[str, Any]) -> tuple[Trip, ...]:
    """Return the trips that were latched; what cannot be understood was a trip, and nothing moves for it."""
    try:
        return tuple(
            Trip(
                str(found["name"]),
                str(found["words"]),
                int(found["time_ns"]),
                Actions(CurrentAction[found["current"]], HeatAction[found["heat"]], PressureAction[found["pressure"]]),
                found.get("cell"),
            )
            for found in before.get("trips", ())
        )
    except (KeyError, TypeError, ValueError) as error:
        held = Actions(CurrentAction.OPEN, HeatAction.FREEZE, PressureAction.HOLD)
        return (Trip("unknown", f"what had tripped before this start cannot be read: {error!r}", 0, held),)
