"""The potentiostat and the cell programme that it runs."""

import logging
import time
from typing import Any

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO

from operando.devices.errand import Errand
from operando.devices.heartbeat import Heartbeat
from operando.devices.mailbox import Mailbox
from operando.errors import MoveFailed
from operando.vocabulary import ProgrammeState

_logger = logging.getLogger(__name__)

REPLY_TIME = 10.0
"""s within which a start is answered; the script is sent to the instrument before."""
START_TIME = 30.0
"""s between acceptance and the first running step."""
IDLE_TIME = 15.0
"""s; a restarted environment service may say ``idle`` until it has found the running script again."""


class Potentiostat(Device):
    """Voltage, current and charge of the cell; ``kickoff`` starts its programme, ``complete`` waits for its end.

    The programme runs in the instrument, with its limits: a plan that ends, is stopped or dies leaves it running.

    Parameters
    ----------
    prefix : str
        Of the endstation, with its colon: ``SIM:``.
    """

    voltage = Component(EpicsSignalRO, "CELL:VOLTAGE", kind="hinted", auto_monitor=True)
    current = Component(EpicsSignalRO, "CELL:CURRENT", kind="normal", auto_monitor=True)
    charge = Component(EpicsSignalRO, "CELL:CHARGE", kind="normal", auto_monitor=True)
    cycle = Component(EpicsSignalRO, "CELL:CYCLE", kind="normal", auto_monitor=True)
    step = Component(EpicsSignalRO, "CELL:STEP", kind="normal", auto_monitor=True)
    state = Component(EpicsSignalRO, "CELL:STATE", kind="normal", string=True, auto_monitor=True)
    programme = Component(EpicsSignalRO, "CELL:PROGRAMME", kind="config", string=True)
    request = Component(EpicsSignal, "CELL:REQUEST", kind="omitted", string=True)
    reply = Component(EpicsSignalRO, "CELL:REPLY", kind="omitted", string=True, auto_monitor=True)
    heartbeat = Component(Heartbeat, "ENVIRONMENT:HEARTBEAT", kind="omitted")

    def __init__(self, prefix: str = "", *, name: str, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, **kwargs)
        for attribute in ("voltage", "current", "charge", "cycle", "step"):
            getattr(self, attribute).name = attribute  # as in operando.vocabulary.QUANTITIES
        self._mailbox = Mailbox(name, self.request, self.reply)
        self._completion: Errand | None = None

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
