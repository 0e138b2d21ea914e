"""Hold and safe from a terminal: ask the environment service, wait until it is done, and read what that came to."""

import json
import math
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from operando.endstation import Channels, Root
from operando.errors import RequestRefused, ServiceSilent
from operando.vocabulary import OPEN_READ_BACK, AxisState, Mode, Reply, Request, who

ANSWER_LIMIT = 5.0
"""s for the service to answer at all."""
DONE_LIMIT = 15.0
"""s until it says what became of a request: it gives each of three instruments 3 s."""
OPEN_LIMIT = 5.0
"""s for the open circuit of every cell to be read back."""
STILL_LIMIT = 5.0
"""s without a change of the drive after which a release has come to a stop."""
POLL = 0.1
RESTING = (AxisState.HELD, AxisState.FREE, AxisState.SAFE, AxisState.FAULT)
"""States in which no target is on its way."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request came to.

    Parameters
    ----------
    facts : dict
        Name with unit → value, as read from the records afterwards.
    lines : tuple of str
        The same in words.
    failure : str
        What is not done; empty where all is.
    """

    facts: dict[str, Any]
    lines: tuple[str, ...]
    failure: str


def hold_all(place: Root) -> Outcome:
    """Freeze every target where it is; the cell programme goes on.

    Raises
    ------
    ServiceSilent
        The environment service does not answer; nothing was changed.
    """
    with _desk(place, "nothing was frozen") as desk:
        failure = desk.ask("hold")
        states = [f"{subsystem}:STATE" for subsystem in ("PRESSURE", "TEMPERATURE")]
        if not desk.until(lambda: all(desk.text(state) in RESTING for state in states), DONE_LIMIT):
            failure = failure or f"still on the way after {DONE_LIMIT:g} s"
        facts, cells = desk.facts(), desk.cells()
    lines = (
        f"stack pressure  {_frozen(facts, 'pressure', 'MPa', 3)}",
        f"temperature     {_frozen(facts, 'temperature', 'C', 1)}",
        *(f"{_named(cell)}{facts[f'{cell}_state']}: its programme goes on as it was" for cell in cells),
    )
    return Outcome(facts, lines, failure)


def make_safe(place: Root) -> Outcome:
    """Open the circuit, switch the heat off, release the pressure, and wait until that is so.

    Raises
    ------
    ServiceSilent
        The environment service does not answer; nothing was released.
    """
    with _desk(place, "nothing was opened, switched off or released") as desk:
        failure = desk.ask("safe")
        if not desk.released():
            failure = failure or "the pressure is not released: the drive has come to a stop above its low limit"
        if not desk.until(lambda: all(map(_is_open, desk.seen_open().values())), OPEN_LIMIT):
            failure = failure or "; ".join(
                f"{cell}: {text or 'its circuit was not read back'}"
                for cell, text in desk.seen_open().items()
                if not _is_open(text)
            )
        facts, cells = desk.facts(), desk.cells()
    lines = (
        *(_open_or_not(cell, facts) for cell in cells),
        f"heater          {'off' if facts['temperature_state'] == AxisState.SAFE else 'NOT off'}: "
        f"{facts['heater_drive_percent']:.1f} % at {facts['temperature_C']:.1f} °C",
        f"stack pressure  {'released' if facts['pressure_state'] == AxisState.SAFE else 'NOT released'}: "
        f"{facts['pressure_MPa']:.3f} MPa at {facts['piezo_drive_V']:.3f} V",
    )
    return Outcome(facts, lines, failure)


@contextmanager
def _desk(place: Root, otherwise: str) -> Iterator["_Desk"]:
    channels = Channels(place)
    try:
        yield _Desk(channels)
    except ServiceSilent as error:
        raise ServiceSilent(
            f"{error}; {otherwise} from here: drive, heater and cell script go on as they are. `operando status` shows "
            "whether it runs; if it hangs, end its process and it is started again, or turn the instruments by hand"
        ) from error
    finally:
        channels.close()


class _Desk:
    """The service's records, as an operator asks and reads them."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._pause = threading.Event()

    def ask(self, field: str) -> str:
        """Make a request; return what of it is not done."""
        request = Request(uuid.uuid4().hex, who(), field)
        self._channels.write("CONTROL:REQUEST", json.dumps(asdict(request)), ANSWER_LIMIT)
        if not self.until(lambda: self._reply().id == request.id, DONE_LIMIT):
            raise RequestRefused(f"{field} was asked for, and no answer came within {DONE_LIMIT:g} s; look at the log")
        return self._reply().text

    def text(self, name: str) -> str:
        return str(self._channels.read(name, ANSWER_LIMIT))

    def number(self, name: str) -> float:
        return float(self._channels.read(name, ANSWER_LIMIT))

    def until(self, condition: Callable[[], bool], limit: float) -> bool:
        """Whether a condition came true in time."""
        end = time.monotonic() + limit
        while not condition():
            if time.monotonic() > end:
                return False
            self._pause.wait(POLL)
        return True

    def released(self) -> bool:
        """Wait for the safe state as long as the drive is on its way; return whether it is reached."""
        drive, moved = math.nan, time.monotonic()
        while self.text("PRESSURE:STATE") != AxisState.SAFE:
            now = self.number("PRESSURE:DRIVE")
            if now != drive:
                drive, moved = now, time.monotonic()
            elif time.monotonic() - moved > STILL_LIMIT:
                return False
            self._pause.wait(POLL)
        return True

    def facts(self) -> dict[str, Any]:
        """Return how everything stands; what nobody knows is None."""
        numbers = {
            "pressure_MPa": "PRESSURE:READBACK",
            "pressure_target_MPa": "PRESSURE:TARGET",
            "piezo_drive_V": "PRESSURE:DRIVE",
            "temperature_C": "TEMPERATURE:READBACK",
            "temperature_target_C": "TEMPERATURE:TARGET",
            "heater_drive_percent": "TEMPERATURE:DRIVE",
        }
        words = {
            "pressure_mode": "PRESSURE:MODE",
            "pressure_state": "PRESSURE:STATE",
            "temperature_state": "TEMPERATURE:STATE",
            **{f"{cell.lower()}_state": f"{cell}:STATE" for cell in self._subsystems()},
        }
        found = {name: self.number(record) for name, record in numbers.items()}
        seen = {f"{cell}_open_circuit": text for cell, text in self.seen_open().items()}
        return {**found, **{name: self.text(record) for name, record in words.items()}, **seen}

    def cells(self) -> list[str]:
        """Return the cells as facts name them: ``cell``, ``cell_b``."""
        return [cell.lower() for cell in self._subsystems()]

    def seen_open(self) -> dict[str, str]:
        """Return what was last read back of the circuit of each cell, or why it could not be."""
        return {cell.lower(): self.text(f"{cell}:OPEN_VERIFIED") for cell in self._subsystems()}

    def _subsystems(self) -> list[str]:
        return self.text("CONTROL:CELLS").split()

    def _reply(self) -> Reply:
        try:
            return Reply(**json.loads(self.text("CONTROL:REPLY")))
        except (ValueError, TypeError):
            return Reply("", False, "")  # nobody has asked for anything yet


def _is_open(text: str) -> bool:
    return text.startswith(OPEN_READ_BACK)


def _named(cell: str) -> str:
    return f"{cell.replace('_', ' '):16}"


def _open_or_not(cell: str, facts: dict[str, Any]) -> str:
    """Say whether the circuit of a cell was seen open."""
    state, seen = facts[f"{cell}_state"], facts[f"{cell}_open_circuit"]
    if _is_open(seen):
        return f"{_named(cell)}at open circuit ({state}); read back: {seen.removeprefix(OPEN_READ_BACK)}"
    return f"{_named(cell)}NOT known to be at open circuit ({state}): {seen or 'not read back'}"


def _frozen(facts: dict[str, Any], name: str, unit: str, digits: int) -> str:
    """Say where a regulated quantity stands."""
    state, target = facts[f"{name}_state"], facts[f"{name}_target_{unit}"]
    shown = "°C" if unit == "C" else unit
    if state == AxisState.SAFE:
        return "in its safe state, which stays: there is no target to freeze"
    if facts.get(f"{name}_mode", Mode.CLOSED_LOOP) != Mode.CLOSED_LOOP:
        return f"mode {facts[f'{name}_mode']}: the drive is frozen at {facts['piezo_drive_V']:.3f} V"
    fault = " (FAULT: the drive or the heater stays as it is)" if state == AxisState.FAULT else ""
    return f"target frozen at {target:.{digits}f} {shown}, now {facts[f'{name}_{unit}']:.{digits}f} {shown}{fault}"
