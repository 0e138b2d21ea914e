"""The records of the environment service."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from operando.environment.cell.facts import LONG_TEXT
from operando.environment.heartbeats import KINDS
from operando.environment.log_keeping import log_records
from operando.environment.timing import timing_records
from operando.records import Kind, Put, RecordSpec
from operando.vocabulary import QUANTITIES, Quantity, cell_subsystem, channel_quantities

INTEGERS = ("CYCLE", "STEP", "RUN", "HALF_CYCLE", "WRITES")


def record_table(puts: Mapping[str, Put], channels: Sequence[str] = ()) -> list[RecordSpec]:
    """Return every record; those with a put are writable.

    Parameters
    ----------
    puts : mapping of str to callable
        What takes a client's value, by the name of the record.
    channels : sequence of str
        Names of the further channels.
    """
    specs = [_reading(quantity) for quantity in QUANTITIES]
    specs += [_reading(quantity) for channel in channels for quantity in channel_quantities(channel)]
    specs += [spec for name in map(cell_subsystem, ("", *channels)) for spec in _cell(name)]
    specs += _regulated("PRESSURE", "stack pressure", "MPa", "MPa", 4)
    specs += _regulated("TEMPERATURE", "temperature", "degC", "K", 2)
    specs += [
        RecordSpec("ENVIRONMENT:HEARTBEAT", "float", "s", 2, "since the service was started"),
        *timing_records(),
        *log_records(),
        *(RecordSpec(f"HEARTBEAT:{kind}", "text", description="JSON of who, count") for kind in KINDS),
        RecordSpec("CONTROL:CELLS", "text", description="subsystem of each cell: CELL CELL_B"),
        RecordSpec("CONTROL:OWNER", "text", description="who is in control; empty: nobody"),
        RecordSpec("CONTROL:REQUEST", "text", description="ask: JSON of id, who, field"),
        RecordSpec("CONTROL:REPLY", "text", description="answer: JSON of id, accepted, text"),
        RecordSpec("INTERLOCK:FIRST_OUT", "text", description="what tripped first, and when"),
        RecordSpec("INTERLOCK:ALARMS", "text", description="alarms that stand now"),
        RecordSpec("INTERLOCK:RESET", "flag", description="put 1: release what has tripped"),
        RecordSpec("INTERLOCK:REQUEST", "text", description="ask: JSON of id, who, field"),
        RecordSpec("INTERLOCK:REPLY", "text", description="answer: JSON of id, accepted, text"),
        RecordSpec("SAFE", "flag", description="put 1: open circuit, heat off, release"),
        RecordSpec("HOLD", "flag", description="put 1: freeze every target"),
    ]
    unknown = set(puts) - {spec.name for spec in specs}
    if unknown:
        raise KeyError(f"puts for records that are not in the table: {sorted(unknown)}")
    return [_writable(spec, puts.get(spec.name)) for spec in specs]


def _reading(quantity: Quantity) -> RecordSpec:
    name = quantity.name
    flag, integer = name.endswith(("_settled", "_tripped")), quantity.record.rpartition(":")[2] in INTEGERS
    kind: Kind = "flag" if flag else "integer" if integer else "float"
    return RecordSpec(quantity.record, kind, quantity.unit, quantity.precision, quantity.description)


def _cell(name: str) -> list[RecordSpec]:
    """Return the records of a cell, beside those in the table of quantities."""
    return [
        RecordSpec(f"{name}:STATE", "text", description="life of the cell programme"),
        RecordSpec(f"{name}:PROGRAMME", "text", description="programme, compiled, as JSON", length=LONG_TEXT),
        RecordSpec(f"{name}:STEP_NAME", "text", description="name of the step that runs"),
        RecordSpec(f"{name}:LAST_END", "text", description="JSON: how the last step ended"),
        RecordSpec(f"{name}:IMPEDANCE", "text", description="JSON: the last spectrum", length=LONG_TEXT),
        RecordSpec(f"{name}:OPEN_VERIFIED", "text", description="open circuit, as it was read back"),
        RecordSpec(f"{name}:START", "flag", description="put 1: start the cell programme"),
        RecordSpec(f"{name}:PAUSE", "flag", description="put 1: pause at open circuit; 0: go on"),
        RecordSpec(f"{name}:END_STEP", "flag", description="put 1: the measurement is done"),
        RecordSpec(f"{name}:SAFE", "flag", description="put 1: cell to open circuit"),
        RecordSpec(f"{name}:REQUEST", "text", description="ask: JSON of id, who, field, text", length=LONG_TEXT),
        RecordSpec(f"{name}:REPLY", "text", description="answer: JSON of id, accepted, text"),
    ]


def _regulated(subsystem: str, words: str, unit: str, difference: str, precision: int) -> list[RecordSpec]:
    """Return the records that both regulated quantities have, beside those in the table of quantities."""
    return [
        RecordSpec(f"{subsystem}:MODE", "text", description=f"{words}: who decides the drive"),
        RecordSpec(f"{subsystem}:STATE", "text", description=f"{words}: where on its way"),
        RecordSpec(f"{subsystem}:SETTLED_ID", "text", description="last request whose target was reached"),
        RecordSpec(f"{subsystem}:TOLERANCE", "float", difference, precision, "half-width of settled"),
        RecordSpec(f"{subsystem}:SETTLE_TIME", "float", "s", 1, "within tolerance for this long"),
        RecordSpec(f"{subsystem}:RAMP_RATE", "float", f"{difference}/s", 5, "rate of the setpoint"),
        RecordSpec(f"{subsystem}:TARGET_LOW", "float", unit, precision, "lowest target that is accepted"),
        RecordSpec(f"{subsystem}:TARGET_HIGH", "float", unit, precision, "highest target that is accepted"),
        RecordSpec(f"{subsystem}:STOP", "flag", description="put 1: freeze the target"),
        RecordSpec(f"{subsystem}:REQUEST", "text", description="ask: JSON of id, who, field, value"),
        RecordSpec(f"{subsystem}:REPLY", "text", description="answer: JSON of id, accepted, text"),
    ]


def _writable(spec: RecordSpec, on_put: Put | None) -> RecordSpec:
    if on_put is None:
        return spec
    return replace(spec, on_put=on_put)
