"""Exposures wait while what they would bring cannot be kept; nothing else does.

A suspender of the RunEngine would stop whatever it moves; so the plan's own messages are held up instead.
"""

import asyncio
import time
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from bluesky import Msg
from bluesky.utils import ensure_generator

GATED = frozenset({"stage", "open_run", "kickoff", "trigger"})
"""Messages that bring new data, or prepare for it."""
AWAIT_KEEPING = "await_keeping"
"""The message that waits; a RunEngine that resumes a plan repeats it like any other."""
LOOK_INTERVAL = 0.5
"""s between two looks at what is in the way."""

Obstacle = Callable[[], str]
"""Returns why data cannot be kept just now, or nothing; never blocks."""


class Engine(Protocol):
    """The RunEngine, as far as the gate needs it."""

    @property
    def pause_wanted(self) -> bool:
        """Whether somebody asked for a pause at the next checkpoint."""

    def note(self, text: str) -> None:
        """Record a text in every open run."""

    async def pause_now(self) -> None:
        """Pause at once."""


class Gate:
    """Holds up a plan before each message of `GATED` while there is an obstacle.

    Parameters
    ----------
    engine : Engine
        Whose plans these are.
    obstacles : sequence of callable
        The first that has something to say is what is waited for.
    unkept : callable
        Why documents that were emitted are not in the journal yet, or nothing: then every message waits.
    say : callable
        Takes a line for the terminal.
    """

    def __init__(
        self, engine: Engine, obstacles: Sequence[Obstacle], unkept: Obstacle, say: Callable[[str], None]
    ) -> None:
        self._engine = engine
        self._obstacles = (unkept, *obstacles)
        self._unkept = unkept
        self._say = say

    def preprocess(self, plan: Any) -> Generator[Msg, Any, Any]:
        """Yield the messages of a plan, with one that waits before each that must.

        bluesky's own ``plan_mutator`` keeps every message of a plan in memory until its end.
        """
        inner = ensure_generator(plan)
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                msg = inner.throw(error) if error is not None else inner.send(answer)
            except StopIteration as end:
                while self._unkept():
                    yield Msg(AWAIT_KEEPING)
                return end.value
            answer = error = None
            try:
                if msg.command in GATED or self._unkept():
                    yield Msg(AWAIT_KEEPING)
                    while self._why():  # a pause ended the waiting, not what was waited for
                        yield Msg(AWAIT_KEEPING)
                answer = yield msg
            except BaseException as raised:  # noqa: BLE001 (it is the plan's to handle: pause, abort, halt, close)
                error = raised

    async def wait(self, _: Msg) -> None:
        """Wait until nothing is in the way; a pause asked for meanwhile comes at once."""
        why = self._why()
        if not why:
            return
        began, began_at = time.monotonic(), datetime.now(UTC)
        self._say(f"exposures wait: {why}. The cell is regulated as before. Ctrl-C pauses the plan.")
        first = why
        while why:
            if self._engine.pause_wanted:
                await self._engine.pause_now()
            await asyncio.sleep(LOOK_INTERVAL)
            why = self._why()
        waited = time.monotonic() - began
        self._say(f"exposures go on after {waited:.0f} s")
        self._engine.note(
            f"exposures waited {waited:.1f} s from {began_at.isoformat(timespec='milliseconds')}: {first}"
        )

    def _why(self) -> str:
        return next((why for obstacle in self._obstacles if (why := obstacle())), "")
