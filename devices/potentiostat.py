"""The potentiostat and the cell programme that it runs."""

import json
import logging
import time
from typing import Any

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO, FormattedComponent

from operando.devices.cell_programme import LoadedProgramme
from operando.devices.cell_state import CellState
from operando.devices.cell_tests import last_end
from operando.devices.cell_watch import IDLE_TIME, CellWatch
from operando.devices.errand import Errand
from operando.devices.heartbeat import Heartbeat
from operando.devices.mailbox import Mailbox
from operando.devices.measurement import Measurement
from operando.devices.rest_age import RestAge
from operando.errors import MoveFailed
from operando.vocabulary import DONE, CellProgramme, Limit, ProgrammeState, cell_subsystem, of_channel, programme_from

_logger = logging.getLogger(__name__)

REPLY_TIME = 10.0
"""s within which a request is answered; a script is sent to the instrument before."""
START_TIME = 30.0
"""s between acceptance and the state that was asked for."""
REST_TIME = 3.0
"""s within which the first sample of a pause comes."""
READINGS = (
    "voltage", "current", "charge", "cycle", "step", "half_cycle", "run", "rest_age", "potential", "step_time",
    "step_charge", "specific_capacity", "state_of_charge", "efficiency",
)  # fmt: skip
"""As in the table of quantities; a further channel's have its name behind."""


def _reading(record: str, kind: str, signal: type = EpicsSignalRO) -> Any:
    return FormattedComponent(signal, f"{{self.prefix}}{{self.subsystem}}:{record}", kind=kind, auto_monitor=True)


def _text(record: str, kind: str = "omitted", signal: type = EpicsSignalRO) -> Any:
    return FormattedComponent(
        signal, f"{{self.prefix}}{{self.subsystem}}:{record}", kind=kind, string=True, auto_monitor=True
    )


class Potentiostat(Device):
    """Voltage, current and charge of the cell; ``kickoff`` starts its programme, ``complete`` waits for its end.

    The programme runs in the instrument, with its limits: a plan that ends, is stopped or dies leaves it running.

    Parameters
    ----------
    prefix : str
        Of the endstation, with its colon: ``SIM:``.
    channel : str
        Empty for the cell in the press, else the name of its channel: ``B``.
    """

    voltage = _reading("VOLTAGE", "hinted")
    current = _reading("CURRENT", "normal")
    charge = _reading("CHARGE", "normal")
    cycle = _reading("CYCLE", "normal")
    step = _reading("STEP", "normal")
    half_cycle = _reading("HALF_CYCLE", "normal")
    run = _reading("RUN", "normal")
    rest_age = _reading("REST_AGE", "normal", signal=RestAge)
    potential = _reading("POTENTIAL", "omitted")
    step_time = _reading("STEP_TIME", "omitted")
    step_charge = _reading("STEP_CHARGE", "omitted")
    specific_capacity = _reading("SPECIFIC_CAPACITY", "omitted")
    state_of_charge = _reading("STATE_OF_CHARGE", "omitted")
    efficiency = _reading("EFFICIENCY", "omitted")
    state = _text("STATE", "normal", CellState)
    programme = _text("PROGRAMME", "config", LoadedProgramme)
    step_name = _text("STEP_NAME")
    last_end = _text("LAST_END")
    impedance = _text("IMPEDANCE")
    measurement = Component(Measurement, kind="omitted")
    request = FormattedComponent(EpicsSignal, "{self.prefix}{self.subsystem}:REQUEST", kind="omitted", string=True)
    reply = _text("REPLY")
    heartbeat = FormattedComponent(Heartbeat, "{self.prefix}ENVIRONMENT:HEARTBEAT", kind="omitted")

    def __init__(self, prefix: str = "", *, name: str, channel: str = "", **kwargs: Any) -> None:
        self.subsystem = cell_subsystem(channel)
        super().__init__(prefix, name=name, **kwargs)
        self.readings: dict[str, EpicsSignalRO] = {each: getattr(self, each) for each in READINGS}
        """By name in the table of quantities."""
        for attribute, signal in self.readings.items():
            signal.name = of_channel(attribute, channel)
        self.watch = CellWatch(self)
        """Set to something that is waited for."""
        self._mailbox = Mailbox(name, self.request, self.reply)
        self._completion: Errand | None = None
        self._told: tuple[str, CellProgramme | None] = ("", None)

    def kickoff(self) -> Errand:
        """Start the programme of the configuration; done once it runs."""
        before = self._state()
        request_id = self._mailbox.send("start")
        return Errand(self, lambda errand: self._start(errand, request_id, before), [self.reply, self.state])

    def complete(self) -> Errand:
        """Wait for the end of the programme; asked again meanwhile, return the same status."""
        if self._completion is None or self._completion.done:
            self._completion = Errand(self, self._follow, [self.state, self.voltage])
        return self._completion

    def stop(self, *, success: bool = False) -> None:
        """Leave the programme running: only ``safe`` opens the circuit, and its own limits end it."""
        _logger.info("%s: the cell programme goes on (%s)", self.name, self.state.value)

    def change_state(self, wanted: str, field: str) -> Errand:
        """Ask for a state of the programme, unless it is there already; see `CellState`."""
        request_id = "" if self._state() == wanted else self._mailbox.send(field)

        def change(errand: Errand) -> None:
            if request_id:
                self._mailbox.await_acceptance(errand, request_id, f"{field} of the cell programme", REPLY_TIME)
                if not errand.wait_until(lambda: self._state() == wanted, START_TIME):
                    raise MoveFailed(
                        f"{self.name}: {field} accepted, but the programme is {self._state()} after {START_TIME:g} s"
                    )
            if wanted == ProgrammeState.PAUSED:  # an instrument that cannot rest with samples has none
                errand.wait_until(self._rests, REST_TIME)

        return Errand(self, change, [self.reply, self.state, self.rest_age])

    def load(self, text: str) -> Errand:
        """Ask for another programme; see `LoadedProgramme`."""
        request_id = self._mailbox.send("load", text=text)

        def load(errand: Errand) -> None:
            self._mailbox.await_acceptance(errand, request_id, "load of a cell programme", REPLY_TIME)

        return Errand(self, load, [self.reply])

    def _rests(self) -> bool:
        """Whether the readings are of the rest in a pause: the first of its samples is all here."""
        return int(self.step.value) == 0 and bool(self.rest_age.timestamp >= self.step.timestamp)

    def compiled(self) -> CellProgramme | None:
        """Return the programme that runs or ran last, else that of the configuration; None before it is told."""
        text = str(self.programme.value)
        if self._told[0] != text:
            try:
                self._told = text, programme_from(json.loads(text))
            except (ValueError, KeyError, TypeError):
                self._told = text, None
        return self._told[1]

    def follows_measurement(self) -> str:
        """Return the kind of the step behind the one that waits for a measurement; see `Measurement`."""
        programme = self.compiled()
        if programme is None or self._state() != ProgrammeState.RUNNING:
            return ""
        steps, number = programme.steps, int(self.step.value)
        for index, step in enumerate(steps):
            if step.number == number and any(end.limit is Limit.MEASUREMENT for end in step.ends):
                return steps[index + 1].kind if index + 1 < len(steps) else "end"
        return ""

    def end_measurement(self) -> Errand:
        """Say that a measurement is done; done when the step that waited for it has ended."""
        before = last_end(self)
        request_id = self._mailbox.send("end_step", text=DONE)

        def end(errand: Errand) -> None:
            self._mailbox.await_acceptance(errand, request_id, "end of the step", REPLY_TIME)
            if not errand.wait_until(lambda: last_end(self) != before, START_TIME):
                raise MoveFailed(f"{self.name}: end of the step accepted, but it has not ended after {START_TIME:g} s")

        return Errand(self, end, [self.reply, self.last_end])

    def _start(self, errand: Errand, request_id: str, before: str) -> None:
        self._mailbox.await_acceptance(errand, request_id, "start of the cell programme", REPLY_TIME)
        failed = (ProgrammeState.FAULT, ProgrammeState.STOPPED)

        def begun() -> bool:
            return self._state() == ProgrammeState.RUNNING or (
                self._state() != before and self._state() in (ProgrammeState.FINISHED, *failed)
            )

        if not errand.wait_until(begun, START_TIME):
            raise MoveFailed(
                f"{self.name}: start accepted, but the programme is {self._state()} after {START_TIME:g} s"
            )
        if self._state() in failed:
            raise MoveFailed(f"{self.name}: start accepted, but the programme went to {self._state()}")

    def _follow(self, errand: Errand) -> None:
        begin = idle_since = time.monotonic()
        while (state := self._state()) != ProgrammeState.FINISHED:
            now = time.monotonic()
            if not self.connected:  # the service restarts; the script goes on in the instrument
                errand.pause()
                continue
            if state != ProgrammeState.IDLE:
                idle_since = now
            if state in (ProgrammeState.STOPPED, ProgrammeState.FAULT) or now - idle_since > IDLE_TIME:
                raise MoveFailed(
                    f"{self.name}: the cell programme ended as {state} in cycle {self.cycle.get()}, "
                    f"step {self.step.get()} at {self.voltage.get():.4f} V; pressure and temperature are held"
                )
            errand.report(
                name=f"cell programme: cycle {self.cycle.get()}, step {self.step.get()}",
                current=float(self.voltage.get()), initial=None, target=None, unit="V",
                precision=self.voltage.precision, fraction=None, time_elapsed=now - begin,
            )  # fmt: skip
            errand.pause()

    def _state(self) -> str:
        """Last known state, also while the environment service is away."""
        return str(self.state.value)
