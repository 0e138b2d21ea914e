"""Serves the environment service's records with two toy axes and a toy cell that obey at once, or as told."""

import dataclasses
import json
import sys
import threading
import time
from typing import Any

from operando.records import RecordServer, RecordSpec
from operando.vocabulary import (
    QUANTITIES,
    AxisState,
    CellProgramme,
    ConstantCurrent,
    End,
    Impedance,
    Limit,
    Loop,
    ProgrammeState,
    Quantity,
    Reply,
    Request,
    Rest,
    Safety,
    plain,
)

TICK = 0.02
RATE = {"normal": 400.0, "slow": 2.0, "stuck": 0.0}


class Axis:
    """A regulated quantity whose readback is its setpoint."""

    def __init__(self, server: RecordServer, subsystem: str, value: float, low: float, high: float) -> None:
        self._server = server
        self._subsystem = subsystem
        self._low, self._high = low, high
        self.target = self.setpoint = value
        self.state: str = AxisState.IDLE
        self.settled_id = self._request_id = ""
        self.settings: dict[str, float | str] = {
            "tolerance": 0.05,
            "settle_time": 0.0,
            "ramp_rate": 0.5,
            "mode": "closed_loop",
        }

    def request(self, text: str) -> None:
        """Take a request, as the service does."""
        request = Request(**json.loads(text))
        reply = Reply(request.id, True, "")
        if request.field == "stop":
            self.target, self.state = self.setpoint, AxisState.HELD
        elif request.field in self.settings:
            wanted = request.text or request.value
            if wanted != "released":
                self.settings[request.field] = wanted
            else:
                reply = Reply(request.id, False, f"{request.who} asked for mode = released (toy)")
        elif not self._low <= request.value <= self._high:
            reply = Reply(request.id, False, f"{request.value} asked by {request.who}, limit {self._high} (toy)")
        else:
            self.target, self.state, self._request_id = request.value, AxisState.RAMPING, request.id
        self._server.publish(f"{self._subsystem}:REPLY", json.dumps(dataclasses.asdict(reply)))

    def step(self, rate: float, ids: bool) -> None:
        """Go on by one tick."""
        stride = rate * TICK
        self.setpoint += min(max(self.target - self.setpoint, -stride), stride)
        if self.state == AxisState.RAMPING and self.setpoint == self.target and ids:
            self.state, self.settled_id = AxisState.SETTLED, self._request_id
        publish = self._server.publish
        for name, value in (("TARGET", self.target), ("SETPOINT", self.setpoint), ("READBACK", self.setpoint)):
            publish(f"{self._subsystem}:{name}", value)
        for name, value in self.settings.items():
            publish(f"{self._subsystem}:{name.upper()}", value)
        publish(f"{self._subsystem}:STATE", str(self.state))
        publish(f"{self._subsystem}:SETTLED", int(self.state == AxisState.SETTLED))
        publish(f"{self._subsystem}:SETTLED_ID", self.settled_id)


def _programme() -> CellProgramme:
    """Return a charge, a discharge, a rest until a map is done, a spectrum and another rest, twice."""
    hour = End(Limit.TIME, 3600.0)
    steps = (
        ConstantCurrent(number=1, name="charge", ends=(hour,), sample_interval=1.0, current=1e-4),
        ConstantCurrent(number=2, name="discharge", ends=(hour,), sample_interval=1.0, current=-1e-4),
        Rest(number=3, name="map", ends=(hour, End(Limit.MEASUREMENT)), sample_interval=1.0),
        Impedance(
            number=4, name="spectrum", ends=(hour,), sample_interval=1.0, galvanostatic=False, amplitude=0.01,
            bias=None, high_frequency=1e5, low_frequency=1.0, points_per_decade=5, current_limit=1e-3,
        ),
        Rest(number=5, name="rest", ends=(hour,), sample_interval=1.0),
    )  # fmt: skip
    return CellProgramme("toy", (Loop(2, steps, cycles=True),), Safety(), "", "", 0.62)


class Cell:
    """A cell whose programme does what a test says."""

    def __init__(self, server: RecordServer) -> None:
        self._server = server
        self.state: str = ProgrammeState.IDLE
        self.texts: dict[str, str] = {}
        self._told: dict[str, str] = {}
        self.reset()

    def reset(self) -> None:
        """Be idle, in step 2 of cycle 1."""
        self.state = ProgrammeState.IDLE
        self.sample = {
            "VOLTAGE": 3.1234, "CURRENT": 1e-4, "CHARGE": 2e-4, "CYCLE": 1, "STEP": 2, "HALF_CYCLE": 1, "RUN": 2,
        }  # fmt: skip
        self.texts = {"PROGRAMME": json.dumps(plain(_programme())), "LAST_END": "", "STEP_NAME": "discharge"}

    def request(self, text: str) -> None:
        """Take a request, as the service does."""
        request, complaint = Request(**json.loads(text)), ""
        if request.field == "start":
            complaint = "the programme runs already" if self.state == ProgrammeState.RUNNING else ""
            self.state = ProgrammeState.RUNNING
        elif request.field in ("pause", "resume"):
            wanted = {"pause": ProgrammeState.RUNNING, "resume": ProgrammeState.PAUSED}[request.field]
            complaint = f"it is {self.state} (toy)" if self.state != wanted else ""
            if not complaint:
                self.state = {"pause": ProgrammeState.PAUSED, "resume": ProgrammeState.RUNNING}[request.field]
                self.sample |= {"STEP": 0, "REST_AGE": 12.5} if request.field == "pause" else {"STEP": 2}
        elif request.field == "load":
            complaint = "" if request.text.startswith("name") else "no name; nothing was loaded (toy)"
            if not complaint:
                self.texts["PROGRAMME"] = json.dumps(plain(dataclasses.replace(_programme(), name="loaded")))
        elif request.field == "end_step":
            self.end_step("measurement done")
        self._server.publish("CELL:REPLY", json.dumps(dataclasses.asdict(Reply(request.id, not complaint, complaint))))

    def end_step(self, how: str) -> None:
        """End the step and begin the next."""
        end = {"step": self.sample["STEP"], "run": self.sample["RUN"], "how": how, "interrupted": how == "paused"}
        self.texts["LAST_END"] = json.dumps(end)
        self.sample |= {"STEP": self.sample["STEP"] + 1, "RUN": self.sample["RUN"] + 1}

    def step(self) -> None:
        """Say what a sample says, record after record, all of one moment."""
        time_ns = time.time_ns()
        for name, value in self.sample.items():
            self._server.publish(f"CELL:{name}", value, time_ns)
        for name, text in self.texts.items() - self._told.items():
            self._server.publish(f"CELL:{name}", text)
        self._told = dict(self.texts)
        self._server.publish("CELL:STATE", str(self.state))


class Toy:
    """The toy service."""

    def __init__(self, ca_port: int) -> None:
        self._lock = threading.Lock()
        self._behaviour = "normal"
        self._server = RecordServer("SIM:", ca_port, self._specs())
        self._pressure = Axis(self._server, "PRESSURE", 84.0, 5.0, 100.0)
        self._temperature = Axis(self._server, "TEMPERATURE", 25.0, 15.0, 100.0)
        self._cell = Cell(self._server)
        for subsystem in ("PRESSURE", "TEMPERATURE"):
            for name, value in {"TARGET_LOW": 5.0, "TARGET_HIGH": 100.0, "DRIVE": 40.0}.items():
                self._server.publish(f"{subsystem}:{name}", value)
        self._recorder = "good"

    def run(self, ended: threading.Event) -> None:
        """Serve until told to end."""
        while not ended.wait(TICK):
            with self._lock:
                self._step()

    def _step(self) -> None:
        for axis in (self._pressure, self._temperature):
            axis.step(RATE.get(self._behaviour, 400.0), ids=self._behaviour != "no ids")
        if self._behaviour != "heart stopped":
            self._server.publish("ENVIRONMENT:HEARTBEAT", time.monotonic())
        if self._recorder != "gone":
            self._server.publish("RECORDER:HEARTBEAT", time.monotonic())
            self._server.publish("RECORDER:REASON", "the disk is full (toy)" if self._recorder == "pause" else "")
            self._server.publish("RECORDER:STATE", self._recorder)
        self._cell.step()

    def _put_request(self, subsystem: str, text: str) -> None:
        with self._lock:
            if self._behaviour == "deaf":
                return
            if subsystem == "CELL":
                self._cell.request(text)
            else:
                {"PRESSURE": self._pressure, "TEMPERATURE": self._temperature}[subsystem].request(text)

    def _behave(self, behaviour: str) -> None:
        """Take an order of a test: a way to behave, a state, or a request of somebody else."""
        with self._lock:
            kind, _, value = behaviour.partition(" ")
            if kind == "cell":
                self._cell.state = value
            elif kind == "sample":
                self._cell.sample |= json.loads(value)
            elif kind == "end_step":
                self._cell.end_step(value)
            elif kind == "recorder":
                self._recorder = value
            elif kind == "state":
                self._pressure.state = value
            elif kind == "request":
                self._pressure.request(
                    json.dumps({"id": "else", "who": "else", "field": "target", "value": float(value)})
                )
            else:
                self._behaviour = behaviour
                if behaviour == "normal":
                    self._recorder = "good"
                    self._cell.reset()

    def _specs(self) -> list[RecordSpec]:
        beat = RecordSpec(
            "HEARTBEAT:RUNENGINE", "text", on_put=lambda text: self._server.publish("HEARTBEAT:RUNENGINE", text)
        )
        specs = [RecordSpec("TOY", "text", on_put=self._behave), RecordSpec("ENVIRONMENT:HEARTBEAT", "float", "s", 1)]
        specs.append(beat)
        specs += [RecordSpec("RECORDER:HEARTBEAT", "float", "s", 1)]
        specs += [RecordSpec(f"RECORDER:{name}", "text") for name in ("STATE", "REASON")]
        for subsystem, unit in (("PRESSURE", "MPa"), ("TEMPERATURE", "degC")):
            floats = ("TARGET", "SETPOINT", "READBACK", "DRIVE", "TARGET_LOW", "TARGET_HIGH")
            specs += [RecordSpec(f"{subsystem}:{name}", "float", unit, 3) for name in floats]
            writable = ("TOLERANCE", "SETTLE_TIME", "RAMP_RATE")
            specs += [RecordSpec(f"{subsystem}:{name}", "float", unit, 3, on_put=_ignore) for name in writable]
            specs += [RecordSpec(f"{subsystem}:{name}", "text") for name in ("MODE", "STATE", "SETTLED_ID")]
            specs += [RecordSpec(f"{subsystem}:SETTLED", "flag"), *self._requests(subsystem)]
        specs += [_reading(quantity) for quantity in QUANTITIES if quantity.record.startswith("CELL:")]
        texts = ("STATE", "PROGRAMME", "STEP_NAME", "LAST_END", "IMPEDANCE")
        specs += [RecordSpec(f"CELL:{name}", "text") for name in texts]
        return [*specs, *self._requests("CELL")]

    def _requests(self, subsystem: str) -> list[RecordSpec]:
        put = lambda text: self._put_request(subsystem, text)  # noqa: E731 (a def a subsystem says no more)
        return [RecordSpec(f"{subsystem}:REQUEST", "text", on_put=put), RecordSpec(f"{subsystem}:REPLY", "text")]


def _reading(quantity: Quantity) -> RecordSpec:
    integer = quantity.name in ("cycle", "step", "half_cycle", "run")
    return RecordSpec(quantity.record, "integer" if integer else "float", quantity.unit, quantity.precision)


def _ignore(value: Any) -> None:
    """Settling is not what the toy is about."""


if __name__ == "__main__":
    toy = Toy(int(sys.argv[1]))
    end = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), end.set()), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    toy.run(end)
