"""What the journal adds to an event of the RunEngine, beside no subscriber and beside suitcase-jsonl.

One run; the contenders take turns of a few events each, so that whatever else the host does meets all of them alike.
An event is `trigger_and_read` of what `operando_cycle` reads with every frame, from devices in memory, and makes two
documents: the event and a stream datum. Times are those of the fastest fiftieth of a contender's events, between which
nothing came: on a host with other work, medians differ by more than what is measured. They are told, too.
"""

import os
import platform
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import suitcase.jsonl
from bluesky.utils import MsgGenerator
from ophyd import Device

from operando.bench.soft_devices import soft_devices
from operando.engine.keeper import Keeper
from operando.engine.run_engine import EndstationRunEngine
from operando.journal import Journal, read_journal

TURN = 21
"""Events in succession with the same subscriber; the first is not counted."""
Subscriber = Callable[[str, dict[str, Any]], Any]
UNDISTURBED = 50
"""One in so many events met nothing else on its host."""
TURNS, TURNS_SHORT = 120, 12
REPEATS, REPEATS_SHORT = 10_000, 1_000
"""Events given to the journal alone, for its throughput."""
BARE, OURS, PEER, PEER_BUFFERED = "bare", "journal", "suitcase", "suitcase_buffered"


def run(short: bool = False) -> dict[str, Any]:
    """Measure.

    Parameters
    ----------
    short : bool
        A tenth of it.

    Returns
    -------
    dict
        ``bench``, ``ratios``, ``figures`` (the unit in the key) and ``setup``.
    """
    turns = TURNS_SHORT if short else TURNS
    with tempfile.TemporaryDirectory(prefix="operando-bench-journal-") as name:
        contest = _Contest(Path(name))
        contest.run(turns)
        figures = contest.figures() | _alone(contest.file(OURS), REPEATS_SHORT if short else REPEATS)
    bare, ours = figures["bare_event_us"], figures["us_per_event"]
    return {
        "bench": "journal",
        "ratios": {
            "cost_over_bare_event": ours / bare,
            "cost_over_suitcase": ours / figures["suitcase_us_per_event"],
            "cost_over_suitcase_buffered": ours / figures["suitcase_buffered_us_per_event"],
        },
        "figures": figures,
        "setup": {
            "bare_event": "no subscriber; trigger_and_read of detector (a stream datum), stack_pressure, heater and "
            "potentiostat as ophyd devices in memory: 14 readings",
            "journal": "as a session subscribes it: checksummed, with the operating system when the call returns, "
            "synced by a thread",
            "suitcase": "flush=True: with the operating system when the call returns",
            "suitcase_buffered": "as it comes: with the operating system some events later",
            "turns": turns,
            "events_a_turn": TURN - 1,
            "bluesky": version("bluesky"),
            "suitcase_jsonl": version("suitcase-jsonl"),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
    }


class _Contest:
    """One run of a RunEngine whose subscriber changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engine = EndstationRunEngine({}, context_managers=[])
        self._subscribers: dict[str, Subscriber] = {
            OURS: Keeper(Journal(folder / OURS)),
            PEER: suitcase.jsonl.Serializer(folder / PEER, flush=True),
            PEER_BUFFERED: suitcase.jsonl.Serializer(folder / PEER_BUFFERED),
        }
        self._tokens: list[int] = []
        self._durations: dict[str, list[float]] = {who: [] for who in (BARE, *self._subscribers)}

    def run(self, turns: int) -> None:
        """Let everybody have as many turns."""
        self._engine(self._plan(turns))

    def file(self, who: str) -> Path:
        """Return what a contender wrote."""
        (file,) = (self._folder / who).glob("*.jsonl")
        return file

    def figures(self) -> dict[str, float]:
        """Return how long an event takes and what each contender adds to it, µs."""
        every = {who: sorted(durations) for who, durations in self._durations.items()}
        undisturbed = {who: durations[len(durations) // UNDISTURBED] for who, durations in every.items()}
        found = {f"{who}_event_us": duration for who, duration in undisturbed.items()}
        found["us_per_event"] = undisturbed[OURS] - undisturbed[BARE]
        found["suitcase_us_per_event"] = undisturbed[PEER] - undisturbed[BARE]
        found["suitcase_buffered_us_per_event"] = undisturbed[PEER_BUFFERED] - undisturbed[BARE]
        for who in (BARE, OURS):
            durations = every[who]
            found[f"{who}_median_us"] = durations[len(durations) // 2]
            found[f"{who}_p99_us"] = durations[len(durations) * 99 // 100]
            found[f"{who}_max_us"] = durations[-1]
        return found

    def _plan(self, turns: int) -> MsgGenerator[None]:
        devices = soft_devices()
        self._subscribe(*self._subscribers)
        yield from bps.open_run({"plan_name": "bench_journal"})
        yield from _events(devices)
        for turn in range(turns):
            order = list(self._durations)
            for who in order[turn % len(order) :] + order[: turn % len(order)]:
                self._subscribe(*({who} - {BARE}))
                self._durations[who] += yield from _events(devices)
        self._subscribe(*self._subscribers)
        yield from bps.close_run()

    def _subscribe(self, *names: str) -> None:
        """Make these the only subscribers."""
        for token in self._tokens:
            self._engine.unsubscribe(token)
        self._tokens = [self._engine.subscribe(self._subscribers[name]) for name in names]


def _events(devices: list[Device]) -> MsgGenerator[list[float]]:
    """Take a turn; return how long its events took, µs."""
    times = []
    for _ in range(TURN):
        begin = time.perf_counter_ns()
        yield from bps.trigger_and_read(devices, name="xrd")
        times.append((time.perf_counter_ns() - begin) / 1e3)
    return times[1:]


def _alone(file: Path, repeats: int) -> dict[str, float]:
    """Give the documents of an event to a journal as fast as it takes them."""
    documents = list(read_journal(file))
    before = [(name, doc) for name, doc in documents if name in ("start", "descriptor", "stream_resource")]
    event = documents[-3:-1]
    with tempfile.TemporaryDirectory(prefix="operando-bench-journal-") as name, closing(Journal(Path(name))) as journal:
        for each in before:
            journal(*each)
        (grown,) = Path(name).glob("*.jsonl")
        size = grown.stat().st_size
        begin = time.perf_counter()
        for _ in range(repeats):
            for each in event:
                journal(*each)
        duration = time.perf_counter() - begin
        size = grown.stat().st_size - size
    return {
        "bytes_per_event": size / repeats,
        "throughput_events_per_s": repeats / duration,
        "throughput_MB_per_s": size / duration / 1e6,
    }
