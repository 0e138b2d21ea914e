"""Interlocks: a table of conditions, for how long each has stood, what has tripped, and which came first.

A row trips when its condition has stood for as long, and for as many readings, as the row says, and stays tripped until
a reset. The first cause is decided here, at the rate of the loop that calls `step`, and at every sample that `sampled`
is shown; of two in one look the earlier row of the table is first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from operando.control.conditions import UNKNOWN, Below, Condition, Look, Verdict
from operando.vocabulary import CurrentAction, HeatAction, PressureAction, Reading, Severity

RECENT = 10.0
"""s that a verdict speaks for the present: a cell at open circuit sends no more samples."""
CALM = 5.0
"""s without its condition until an alarm is over: noise about a limit must not fill the log."""


@dataclass(frozen=True, slots=True)
class Actions:
    """What is done about it, in this order."""

    current: CurrentAction = CurrentAction.STAY
    heat: HeatAction = HeatAction.STAY
    pressure: PressureAction = PressureAction.STAY


@dataclass(frozen=True, slots=True)
class Interlock:
    """A row of the table.

    Parameters
    ----------
    name : str
        As it is reported.
    quantity : str
        What is watched: a logged quantity or a fact.
    unit : str
        Of the quantity.
    condition : Condition
        What is looked for.
    for_s : float
        s that the condition must stand.
    severity : Severity
        What follows.
    actions : Actions
        What is done.
    for_samples : int
        Readings, one after the other, at which the condition must be met.
    cell : str or None
        Channel of the cell that is opened; empty for the main cell, None for every cell.
    """

    name: str
    quantity: str
    unit: str
    condition: Condition
    for_s: float
    severity: Severity
    actions: Actions = Actions()
    for_samples: int = 1
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """A row between two steps.

    Parameters
    ----------
    verdict : Verdict
        The last one that was no "unknown", and the memory of the last one at all.
    age : float
        s since then.
    held : float or None
        s that the condition has stood; None where it does not.
    gone : float
        s that it has not.
    quiet : float
        s since the last new reading.
    time_ns : int
        Of that reading.
    count : int
        New readings at which the condition was met, one after the other.
    """

    verdict: Verdict = UNKNOWN
    age: float = 0.0
    held: float | None = None
    gone: float = 0.0
    quiet: float = 0.0
    time_ns: int | None = None
    count: int = 0

    def stood(self, row: Interlock) -> bool:
        """Return whether the condition has stood for long enough."""
        enough = self.count >= row.for_samples or (row.condition.every_step and row.for_samples == 1)
        return self.held is not None and self.held >= row.for_s and enough


@dataclass(frozen=True, slots=True)
class Trip:
    """A row that has tripped.

    Parameters
    ----------
    name : str
        Of the row.
    words : str
        What was found.
    time_ns : int
        UTC, ns since the epoch, of the reading on which it was decided.
    actions : Actions
        What is done about it.
    cell : str or None
        Channel of the cell that is opened; None for every cell.
    """

    name: str
    words: str
    time_ns: int
    actions: Actions
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class InterlockState:
    """All rows between two steps.

    Parameters
    ----------
    watches : tuple of Watch
        One for each row; empty before the first step.
    trips : tuple of Trip
        Latched, the first cause first.
    alarms : mapping of str to str
        Standing alarms by name, with what was found when they rose.
    clock : float
        s since the first step.
    """

    watches: tuple[Watch, ...] = ()
    trips: tuple[Trip, ...] = ()
    alarms: Mapping[str, str] = field(default_factory=dict)
    clock: float = 0.0

    @property
    def actions(self) -> Actions:
        """What all trips together ask for: the strongest of each."""
        asked = (Actions(), *(trip.actions for trip in self.trips))
        return Actions(
            max(each.current for each in asked), max(each.heat for each in asked), max(each.pressure for each in asked)
        )


def step(
    state: InterlockState, table: Sequence[Interlock], readings: Mapping[str, Reading], dt: float
) -> InterlockState:
    """Judge every row once.

    Parameters
    ----------
    state : InterlockState
        Before.
    table : sequence of Interlock
        The rows.
    readings : mapping of str to Reading
        The newest reading of everything.
    dt : float
        s since the last step.
    """
    clock, passed = state.clock + max(dt, 0.0), max(dt, 0.0)
    before = state.watches or (Watch(),) * len(table)
    watches = tuple(_judged(row, watch, readings, clock, passed) for row, watch in zip(table, before, strict=True))
    return _after(state, table, watches, clock)


def sampled(
    state: InterlockState, table: Sequence[Interlock], readings: Mapping[str, Reading], names: Collection[str]
) -> InterlockState:
    """Judge the rows that watch what came with a sample, between two steps; no time passes.

    Parameters
    ----------
    state, table, readings
        As of `step`.
    names : collection of str
        What is new in ``readings``.
    """
    before = state.watches or (Watch(),) * len(table)
    watches = tuple(
        _judged(row, watch, readings, state.clock, 0.0) if row.quantity in names else watch
        for row, watch in zip(table, before, strict=True)
    )
    return _after(state, table, watches, state.clock)


def standing(state: InterlockState, table: Sequence[Interlock]) -> list[str]:
    """Return, for each row that has tripped and whose condition still holds, what is found now.

    Too little pressure is no reason while a trip has released it: only after the reset can it be raised again.
    """
    latched = {trip.name for trip in state.trips}
    released = state.actions.pressure is PressureAction.RELEASE
    return [
        f"{row.name}: {_words(row, watch)}"
        for row, watch in zip(table, state.watches, strict=False)
        if row.name in latched
        and row.condition.stands
        and not (released and isinstance(row.condition, Below))
        and watch.verdict.met
        and watch.age <= RECENT
    ]


def reset(state: InterlockState) -> InterlockState:
    """Return the state without trips: every row begins anew, a standing condition trips again."""
    watches = tuple(Watch(quiet=watch.quiet, time_ns=watch.time_ns) for watch in state.watches)
    return replace(state, watches=watches, trips=(), alarms={})


def _after(
    state: InterlockState, table: Sequence[Interlock], watches: tuple[Watch, ...], clock: float
) -> InterlockState:
    """Return the state with what has tripped, risen and gone."""
    latched = {trip.name for trip in state.trips}
    new = tuple(
        Trip(row.name, _words(row, watch), watch.time_ns or 0, row.actions, row.cell)
        for row, watch in zip(table, watches, strict=True)
        if row.severity is Severity.TRIP and row.name not in latched and watch.stood(row)
    )
    alarms = {
        row.name: state.alarms.get(row.name) or _words(row, watch)
        for row, watch in zip(table, watches, strict=True)
        if row.severity is Severity.ALARM
        and watch.age <= RECENT
        and (watch.stood(row) or (row.name in state.alarms and watch.gone < CALM))
    }
    return InterlockState(watches, state.trips + new, alarms, clock)


def _judged(row: Interlock, watch: Watch, readings: Mapping[str, Reading], clock: float, dt: float) -> Watch:
    reading = readings.get(row.quantity)
    fresh = reading is not None and reading.time_ns != watch.time_ns
    quiet = 0.0 if fresh else watch.quiet + dt
    time_ns = reading.time_ns if reading else None
    age = watch.age + dt
    if not (fresh or row.condition.every_step):
        return replace(watch, age=age, quiet=quiet)
    verdict = row.condition.judge(Look(readings, reading, fresh, quiet, clock), watch.verdict.memory)
    if verdict.met is None:
        kept = replace(watch.verdict, memory=verdict.memory)
        return replace(watch, verdict=kept, age=age, quiet=quiet, time_ns=time_ns)
    if not verdict.met:
        return Watch(verdict, 0.0, None, watch.gone + age, quiet, time_ns)
    held = 0.0 if watch.held is None else watch.held + age
    return Watch(verdict, 0.0, held, 0.0, quiet, time_ns, watch.count + int(fresh))


def _words(row: Interlock, watch: Watch) -> str:
    lasting = f", for {row.for_s:g} s" if row.for_s else ""
    lasting += f", in {row.for_samples} samples" if row.for_samples > 1 else ""
    return f"{row.quantity} {row.condition.words(watch.verdict.value, row.unit)}{lasting}"
