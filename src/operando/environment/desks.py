"""Who takes what clients put: a desk for each subsystem, and who objects to what."""

from collections.abc import Callable, Mapping

from operando.config import Endstation
from operando.environment.axis import Change
from operando.environment.cell import ProgrammeRunner
from operando.environment.cell.objections import LATCHED
from operando.environment.coupling import Coupling
from operando.environment.heartbeats import KINDS, Heartbeats
from operando.environment.limits import control_fields, pressure_fields, programme_fields, temperature_fields
from operando.environment.ownership import Ownership
from operando.environment.pressure import PressureLoop
from operando.environment.requests import RequestDesk
from operando.environment.safe import go_safe, hold
from operando.environment.temperature import TemperatureLoop
from operando.records import Put
from operando.vocabulary import Mode, Request

SETTINGS = ("target", "tolerance", "settle_time", "ramp_rate", "stop")
"""Fields of both regulated quantities that have a record of their own to put into."""
BY_TRIP = ("target", "mode", "drive", "start", "resume", "reset")
"""What a latched trip refuses; its own reset is another one."""


def desks(
    config: Endstation,
    pressure: PressureLoop,
    temperature: TemperatureLoop,
    cells: Mapping[str, ProgrammeRunner],
    coupling: Coupling,
    show: Callable[[str, str], None],
    ownership: Ownership,
    heartbeats: Heartbeats,
    tripped: Callable[[], str],
) -> dict[str, Put]:
    """Return what takes the puts of clients, by the name of the record.

    Parameters
    ----------
    config : Endstation
        Limits, and where they are configured.
    pressure, temperature : PressureLoop, TemperatureLoop
        Who carries out.
    cells : mapping of ProgrammeRunner
        Who carries out, by the subsystem of their records: ``CELL``, ``CELL_B``.
    coupling : Coupling
        Knows what a temperature does to the stack.
    show : callable
        Takes the name of a record and its text; only queues.
    ownership : Ownership
        Who is in control.
    heartbeats : Heartbeats
        Who is heard.
    tripped : callable
        Returns why nothing may be started or moved at all, or nothing.
    """

    def desk(subsystem: str, subject: str, objection: Callable[[Request], str]) -> RequestDesk:
        tell, allowed = {
            "PRESSURE": (pressure.tell, pressure_fields(config)),
            "TEMPERATURE": (temperature.tell, temperature_fields(config)),
            "CONTROL": (control, control_fields()),
            **{name: (cell.tell, programme_fields()) for name, cell in cells.items()},
        }[subsystem]
        made = RequestDesk(
            subject,
            subsystem,
            allowed,
            tell,
            lambda request: (tripped() if request.field in BY_TRIP else "") or objection(request),
            show,
            ownership,
        )
        puts[f"{subsystem}:REQUEST"] = made.on_request
        return made

    def control(change: Change) -> None:
        if change.field == "hold":
            change.carried_out(hold((("stack pressure", pressure), ("temperature", temperature))))
        elif change.field == "safe":
            currents = [(f"current of {name}" if len(cells) > 1 else "current", cell) for name, cell in cells.items()]
            change.carried_out(go_safe((currents, (("heat", temperature),), (("pressure", pressure),))))

    puts: dict[str, Put] = {}
    stack = desk(
        "PRESSURE",
        "stack_pressure",
        lambda asked: _of_pressure(asked.field, pressure.mode) or pressure.objection(asked),
    )
    heat = desk(
        "TEMPERATURE", "temperature", lambda asked: _of_heat(asked.field, temperature.mode) or coupling.objection(asked)
    )
    for name, cell in cells.items():
        puts |= of_cell(name, desk(name, name.lower(), _objecting(cell)))
    whole = desk("CONTROL", "control", lambda _: "")
    puts |= {f"PRESSURE:{field.upper()}": stack.on_put(field) for field in (*SETTINGS, "mode", "drive")}
    puts |= {f"TEMPERATURE:{field.upper()}": heat.on_put(field) for field in SETTINGS}
    puts |= {"HOLD": whole.on_put("hold"), "SAFE": whole.on_put("safe")}
    puts |= {f"HEARTBEAT:{kind}": heartbeats.listener(kind) for kind in KINDS}
    puts["HEARTBEAT:RUNENGINE"] = heartbeats.listener("RUNENGINE", ownership.heard)
    return puts


def _objecting(cell: ProgrammeRunner) -> Callable[[Request], str]:
    return lambda asked: cell.objection(asked.field)


def of_cell(name: str, desk: RequestDesk) -> dict[str, Put]:
    """Return what takes the puts into the records of a cell."""
    pause, resume = desk.on_put("pause"), desk.on_put("resume")
    return {
        f"{name}:START": desk.on_put("start"),
        f"{name}:SAFE": desk.on_put("stop"),
        f"{name}:PAUSE": lambda value: (pause if value else resume)(1.0),
        f"{name}:END_STEP": desk.on_put("end_step"),
    }


def _of_pressure(field: str, mode: Mode) -> str:
    if mode is Mode.RELEASED and field in ("target", "mode", "drive"):
        return LATCHED
    if field == "target" and mode is not Mode.CLOSED_LOOP:
        return f"its mode is {mode.value}; a target needs {Mode.CLOSED_LOOP.value}"
    if field == "drive" and mode is not Mode.MANUAL:
        return f"its mode is {mode.value}; a drive needs {Mode.MANUAL.value}"
    return ""


def _of_heat(field: str, mode: Mode) -> str:
    return LATCHED if field == "target" and mode is Mode.RELEASED else ""
