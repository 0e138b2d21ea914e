"""Who takes what clients put: a desk for each subsystem, and who objects to what."""

from collections.abc import Callable

from operando.config import Endstation
from operando.environment.axis import Change
from operando.environment.coupling import Coupling
from operando.environment.heartbeats import KINDS, Heartbeats
from operando.environment.limits import control_fields, pressure_fields, programme_fields, temperature_fields
from operando.environment.ownership import Ownership
from operando.environment.pressure import PressureLoop
from operando.environment.programme import ProgrammeRunner
from operando.environment.requests import RequestDesk
from operando.environment.safe import go_safe, hold
from operando.environment.temperature import TemperatureLoop
from operando.records import Put
from operando.vocabulary import Mode, Request

SETTINGS = ("target", "tolerance", "settle_time", "ramp_rate", "stop")
"""Fields of both regulated quantities that have a record of their own to put into."""
BY_TRIP = ("target", "mode", "drive", "start", "reset")
"""What a latched trip refuses; its own reset is another one."""
LATCHED = "the safe state is latched until somebody asks for reset"


def desks(
    config: Endstation,
    pressure: PressureLoop,
    temperature: TemperatureLoop,
    programme: ProgrammeRunner,
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
    pressure, temperature, programme : PressureLoop, TemperatureLoop, ProgrammeRunner
        Who carries out.
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
            "CELL": (programme.tell, programme_fields()),
            "CONTROL": (control, control_fields()),
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
            change.carried_out(go_safe((("current", programme), ("heat", temperature), ("pressure", pressure))))

    puts: dict[str, Put] = {}
    stack = desk(
        "PRESSURE",
        "stack_pressure",
        lambda asked: _of_pressure(asked.field, pressure.mode) or pressure.objection(asked),
    )
    heat = desk(
        "TEMPERATURE", "temperature", lambda asked: _of_heat(asked.field, temperature.mode) or coupling.objection(asked)
    )
    cell = desk("CELL", "cell", lambda asked: programme.objection() if asked.field == "start" else "")
    whole = desk("CONTROL", "control", lambda _: "")
    puts |= {f"PRESSURE:{field.upper()}": stack.on_put(field) for field in (*SETTINGS, "mode", "drive")}
    puts |= {f"TEMPERATURE:{field.upper()}": heat.on_put(field) for field in SETTINGS}
    puts |= {"CELL:START": cell.on_put("start"), "CELL:SAFE": cell.on_put("stop")}
    puts |= {"HOLD": whole.on_put("hold"), "SAFE": whole.on_put("safe")}
    puts |= {f"HEARTBEAT:{kind}": heartbeats.listener(kind) for kind in KINDS}
    puts["HEARTBEAT:RUNENGINE"] = heartbeats.listener("RUNENGINE", ownership.heard)
    return puts


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
