"""The table of faults: by target and kind, what each does. ``docs/reference/faults.md`` shows it."""

from collections.abc import Callable
from typing import Any

from operando.sim.faults.detector import DETECTOR
from operando.sim.faults.equipment import Equipment
from operando.sim.faults.kind import Amount, Begin, End, Kind
from operando.sim.faults.line import Distortion, Garbage, Slow, halved, nothing
from operando.sim.faults.load_cell import Drift, Spike, Stuck
from operando.sim.faults.refused import FaultRefused
from operando.sim.wires.dscusb import Disturbance
from operando.sim.wires.emstat4 import EmStat4

LINES = ("load_cell", "piezo", "heater", "potentiostat")
"""Instruments behind a line."""

TARGETS = (*LINES, "cell", "detector")

LATE = {"load_cell": 0.1, "piezo": 0.3, "heater": 0.8, "potentiostat": 1.5}
"""s by which a slow instrument answers later: longer than a host of it waits for a reply."""

KILO = 1000.0
"""kPa in one MPa."""


def _set(attribute: str, value: Any = True) -> Begin:
    """Give an attribute (a dotted path from the equipment) another value for as long as the fault lasts."""
    *path, name = attribute.split(".")

    def begin(equipment: Equipment, amount: float, now: float) -> End:
        owner: Any = equipment
        for step in path:
            owner = getattr(owner, step)
        if not hasattr(owner, name):
            raise FaultRefused(f"{attribute}: what stands there now has no such fault")
        before = getattr(owner, name)
        setattr(owner, name, amount if value is None else value)
        return lambda end: setattr(owner, name, before)

    return begin


def _distort(target: str, make: Callable[[Equipment, float], Distortion]) -> Begin:
    def begin(equipment: Equipment, amount: float, now: float) -> End:
        distortions, distortion = equipment.lines[target].distortions, make(equipment, amount)
        distortions.append(distortion)
        return lambda end: distortions.remove(distortion)

    return begin


def _disturb(make: Callable[[float], Disturbance]) -> Begin:
    """Disturb the load cell; ``make`` takes the amount as a force, N, from kPa on the nominal area."""

    def begin(equipment: Equipment, amount: float, now: float) -> End:
        disturbances, disturbance = equipment.load_cell.disturbances, make(amount / KILO * equipment.area)
        disturbances.append(disturbance)
        return lambda end: disturbances.remove(disturbance)

    return begin


def _halt(target: str) -> Begin:
    def begin(equipment: Equipment, amount: float, now: float) -> End:
        equipment.lines[target].halt(now)
        return equipment.lines[target].resume

    return begin


def _unplug(target: str) -> Begin:
    def begin(equipment: Equipment, amount: float, now: float) -> End:
        equipment.unplug(target)
        return lambda end: equipment.plug_in(target)

    return begin


def _reopen(target: str) -> Begin:
    def begin(equipment: Equipment, amount: float, now: float) -> None:
        equipment.unplug(target)
        equipment.plug_in(target)

    return begin


def _set_at_the_front_panel(parameter: str) -> Begin:
    def begin(equipment: Equipment, amount: float, now: float) -> End:
        before = equipment.piezo.values[parameter]
        equipment.piezo.set_by_hand(parameter, 1.0)
        return lambda end: equipment.piezo.set_by_hand(parameter, before)

    return begin


def _cycle_power(target: str) -> Begin:
    def begin(equipment: Equipment, amount: float, now: float) -> None:
        getattr(equipment, target).cycle_power()

    return begin


def _hasten_clock(equipment: Equipment, amount: float, now: float) -> End:
    potentiostat = equipment.potentiostat
    if not isinstance(potentiostat, EmStat4):
        raise FaultRefused("potentiostat clock: what stands there now has no clock of its own")
    before, line = potentiostat.clock.error, equipment.lines["potentiostat"]
    potentiostat.clock.change(amount * 1e-6, line.inside(now))
    return lambda end: potentiostat.clock.change(before, line.inside(end))


def _move_counter_electrode(equipment: Equipment, amount: float, now: float) -> End:
    cell = equipment.cell
    cell.counter_electrode_potential += amount

    def end(now: float) -> None:
        cell.counter_electrode_potential -= amount

    return end


def _turn_knob(equipment: Equipment, amount: float, now: float) -> None:
    equipment.piezo.turn_knob(amount)


def _of_any_line(target: str) -> tuple[Kind, ...]:
    return (
        Kind(
            target,
            "unplugged",
            "The terminal and its link vanish; a client finds its line lost, the instrument lives on.",
            _unplug(target),
        ),
        Kind(
            target,
            "reopened",
            "The terminal vanishes and a new one is linked in the same instant.",
            _reopen(target),
            lasts=False,
        ),
        Kind(
            target,
            "hung",
            "Hears and says nothing; for the instrument no time passes, what it drives stays as it is.",
            _halt(target),
        ),
        Kind(target, "nak", "Refuses every command in its own words, and obeys none.", _set(f"{target}.refuses")),
        Kind(
            target, "half", "Every reply ends in its middle; commands are obeyed.", _distort(target, lambda *_: halved)
        ),
        Kind(
            target,
            "garbage",
            "1 to 4 bytes with the top bit set inside every reply, and unasked some ten times a second.",
            _distort(target, lambda equipment, _: Garbage(equipment.random)),
        ),
        Kind(
            target,
            "slow",
            "Replies come later; commands are obeyed at once.",
            _distort(target, lambda _, seconds: Slow(seconds)),
            Amount("s", LATE[target], 0.0, 60.0),
        ),
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        "load_cell",
        "stuck",
        "The same force to the last digit, while the status says that it is new and well.",
        _disturb(lambda _: Stuck()),
    ),
    Kind("load_cell", "frozen", "The converter makes no new results; STAT keeps OLDVAL.", _set("load_cell.frozen")),
    Kind(
        "load_cell",
        "nan",
        "The text NAN, as wide as a number, in place of the main output.",
        _set("load_cell.not_a_number"),
    ),
    Kind(
        "load_cell",
        "spike",
        "An offset for 60 ms, once a second, the first at once.",
        _disturb(Spike),
        Amount("kPa", 2000.0, -50_000.0, 50_000.0),
    ),
    Kind(
        "load_cell",
        "drift",
        "An offset that grows; gone at once when cleared.",
        _disturb(Drift),
        Amount("kPa/s", 5.0, -10_000.0, 10_000.0),
    ),
    Kind(
        "load_cell",
        "broken_wire",
        "STAT shows LCINTEG, and that alone: the force goes on.",
        _set("load_cell.broken_wire"),
    ),
    *_of_any_line("load_cell"),
    Kind("piezo", "over_temperature", "`stat` shows bit 10; the output goes on.", _set("piezo.over_temperature")),
    Kind(
        "piezo",
        "power_cycled",
        "Output falls to `sinit` (as delivered 0 % of the range, −20 V); settings as delivered: no slew limit.",
        _cycle_power("piezo"),
        lasts=False,
    ),
    Kind(
        "piezo",
        "closed_loop",
        "`cl,1` at the front panel: the output stays where it is, `set` is taken and not followed.",
        _set_at_the_front_panel("cl"),
    ),
    Kind(
        "piezo",
        "foreign_source",
        "`modsrc,1` at the front panel: the output stays where it is, `set` is taken and not followed.",
        _set_at_the_front_panel("modsrc"),
    ),
    Kind(
        "piezo",
        "moved",
        "Somebody turns the knob: `set` and the output move by this much.",
        _turn_knob,
        Amount("V", 10.0, -150.0, 150.0),
        lasts=False,
    ),
    Kind("piezo", "stuck", "The output (`meas`) stays; `set` reads back what was written.", _set("amplifier.stuck")),
    *_of_any_line("piezo"),
    Kind(
        "heater",
        "sensor_break",
        "Status bit 5; the controller switches its output off.",
        _set("heater.loop.sensor_broken"),
    ),
    Kind(
        "heater",
        "stuck_on",
        "A welded relay: the furnace gets this power whatever the controller's output, standby included.",
        _set("heater.loop.stuck_power", None),
        Amount("%", 100.0, 0.0, 100.0),
    ),
    *_of_any_line("heater"),
    Kind(
        "potentiostat",
        "overload",
        "Every sample bears the status overload.",
        _set("potentiostat.overloaded"),
    ),
    Kind(
        "potentiostat",
        "runtime_error",
        "A running script ends with `!0032` at its next sample, `on_finished` left out: the current goes on.",
        _set("potentiostat.critical_overload"),
    ),
    Kind(
        "potentiostat",
        "limits_ignored",
        "A running script passes over every `breakloop` and `abort`: the current goes on beyond its limits.",
        _set("potentiostat.limits_ignored"),
    ),
    Kind(
        "potentiostat",
        "silent",
        "Hears, obeys and goes on measuring; nothing that it says arrives.",
        _distort("potentiostat", lambda *_: nothing),
    ),
    Kind(
        "potentiostat",
        "clock",
        "Its clock is fast by this much; the script's times are its own.",
        _hasten_clock,
        Amount("ppm", 500.0, -10_000.0, 10_000.0),
    ),
    Kind(
        "potentiostat",
        "power_cycled",
        "The script is gone without a word, the cell at open circuit.",
        _cycle_power("potentiostat"),
        lasts=False,
    ),
    *_of_any_line("potentiostat"),
    Kind(
        "cell",
        "short",
        "A resistance across the terminals.",
        _set("cell.short", None),
        Amount("Ω", 10.0, 0.1, 1e6),
    ),
    Kind(
        "cell",
        "lead_off",
        "The clip of counter and reference electrode is off: no current; a current source runs to ±6 V, overload.",
        _set("potentiostat.lead_off"),
    ),
    Kind(
        "cell",
        "counter_electrode",
        "Its potential vs Li/Li+ moves by this much, the voltage between the terminals the other way.",
        _move_counter_electrode,
        Amount("V", -0.5, -3.0, 3.0),
    ),
    *DETECTOR,
)
"""Every fault there is."""

KIND: dict[tuple[str, str], Kind] = {(kind.target, kind.name): kind for kind in KINDS}
"""The same table by target and name."""
