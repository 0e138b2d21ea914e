"""How late the pressure loop comes while everything else on the host is busy.

The real environment service regulates over simulated wires; beside it, on the same cores, a recorder integrates frames
of 2 megapixels flat out at nice 10, and a RunEngine counts the endstation's devices without a pause.
"""

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import operando.configs
from operando.bench.jitter_load import NICENESS, SHAPE
from operando.config import load
from operando.endstation import Register, Root, prepare_client
from operando.errors import EndstationError
from operando.history import EnvironmentHistory

CONFIGURATION = Path(operando.configs.__file__).parent / "simulated.toml"
START_LIMIT = 120.0
"""s for a process to begin its work: the integration is compiled first."""
STOP_LIMIT = 30.0
"""s for a process to end."""
QUIET = 2.0
"""s without load at the end, so that the last count is served before the service ends."""


def run(seconds: float = 30.0, realtime: bool = True) -> dict[str, Any]:
    """Measure.

    Parameters
    ----------
    seconds : float
        How long, under load.
    realtime : bool
        Let the service ask for real-time priority.

    Returns
    -------
    dict
        ``bench``, ``ratios``, ``figures`` (the unit in the key) and ``setup``.
    """
    config = load(CONFIGURATION)
    with tempfile.TemporaryDirectory(prefix="operando-jitter-") as folder:
        bench = _Bench(Root(Path(folder) / "root"), config.prefix)
        figures = bench.measure(seconds, realtime)
        figures["deadlines_missed_by_the_log"] = bench.deadlines_missed(config.pressure.rate_Hz)
    granted = bool(figures.pop("realtime"))
    return {
        "bench": "jitter",
        "ratios": {"late_p99_over_period": figures["late_p99_ms"] / 1e3 * config.pressure.rate_Hz},
        "figures": figures,
        "setup": {
            "seconds": seconds,
            "rate_Hz": config.pressure.rate_Hz,
            "realtime_priority": granted,
            "recorder_niceness": NICENESS,
            "frame_shape": list(SHAPE),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "kernel": platform.release(),
        },
    }


class _Bench:
    """The processes of one measurement, on one root."""

    def __init__(self, place: Root, prefix: str) -> None:
        self._place = place
        self._prefix = prefix
        self._clocks = (time.time(), time.monotonic())
        place.prepare()

    def measure(self, seconds: float, realtime: bool) -> dict[str, Any]:
        """Start everything, watch, end everything; return the figures."""
        with ExitStack() as processes:
            processes.enter_context(self._process("sim"))
            processes.enter_context(self._process("environment", *([] if realtime else ["--no-realtime"])))
            prepare_client(self._place.path)
            with ExitStack() as loads:
                recorder = loads.enter_context(self._load("recorder"))
                engine = loads.enter_context(self._load("engine"))
                figures = self._watch(seconds)
                figures["frames_integrated"] = _done(recorder)
                figures["points_counted"] = _done(engine)
            _pause(QUIET)
            figures["overruns_of_the_whole_run"] = int(self._get("OVERRUNS"))
        return figures

    def deadlines_missed(self, rate: float) -> int:
        """Return how many deadlines have no reading in the environment log, from the first reading to the last.

        Deadlines are of the monotonic clock, readings bear UTC, which may be on its way back to the right time.
        """
        with closing(EnvironmentHistory(self._place.path / "environment")) as history:
            times = history.samples("stack_pressure", 0, time.time_ns()).time_ns
        wall, monotonic = self._clocks
        pace = (time.monotonic() - monotonic) / (time.time() - wall)
        return round(float(times[-1] - times[0]) * 1e-9 * pace * rate) + 1 - len(times)

    def _watch(self, seconds: float) -> dict[str, Any]:
        import epics

        before = self._get("OVERRUNS")
        epics.caput(f"{self._prefix}ENVIRONMENT:TIMING_RESET", 1, wait=True)
        _pause(seconds)
        return {
            "late_p50_ms": self._get("LATE_P50"),
            "late_p99_ms": self._get("LATE_P99"),
            "late_max_ms": self._get("LATE_MAX"),
            "overruns": int(self._get("OVERRUNS") - before),
            "reading_age_p50_ms": self._get("AGE_P50"),
            "reading_age_p99_ms": self._get("AGE_P99"),
            "reading_age_max_ms": self._get("AGE_MAX"),
            "realtime": self._get("REALTIME"),
        }

    def _get(self, field: str) -> float:
        import epics

        value = epics.caget(f"{self._prefix}ENVIRONMENT:{field}", timeout=20.0)
        if value is None:
            raise EndstationError(f"{self._prefix}ENVIRONMENT:{field}: not served; nothing was measured")
        return float(value)

    @contextmanager
    def _process(self, kind: str, *options: str) -> Iterator[None]:
        """Run a process of the endstation until the block ends."""
        command = [kind, str(CONFIGURATION), "--root", str(self._place.path), *options]
        with (self._place.logs / f"{kind}.log").open("wb") as output:
            process = subprocess.Popen([sys.executable, "-m", "operando", *command], stdout=output, stderr=output)
        try:
            self._await(kind, process)
            yield
        finally:
            _end(process)

    def _await(self, kind: str, process: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + START_LIMIT
        while Register(self._place).status().get(kind, {}).get("state") != "running":
            if process.poll() is not None or time.monotonic() > until:
                said = (self._place.logs / f"{kind}.log").read_text(errors="replace").strip().splitlines()
                raise EndstationError(f"{kind}: does not run: {said[-1] if said else 'it said nothing'}")
            _pause(0.1)

    @contextmanager
    def _load(self, kind: str) -> "Iterator[subprocess.Popen[str]]":
        """Keep the cores busy until the block ends."""
        environment = os.environ | {
            "OPERANDO_CONFIG": str(CONFIGURATION),
            "OPERANDO_ROOT": str(self._place.path),
        }
        command = [sys.executable, "-m", "operando.bench.jitter_load", kind, str(self._place.path)]
        with (self._place.logs / f"load-{kind}.log").open("w") as output:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=output, text=True, env=environment)
        try:
            if process.stdout is None or process.stdout.readline() != "working\n":
                said = (self._place.logs / f"load-{kind}.log").read_text().strip().splitlines()
                raise EndstationError(f"load of kind {kind}: does not work: {said[-1] if said else 'it said nothing'}")
            yield process
        finally:
            _end(process)
            if process.stdout:
                process.stdout.close()


def _done(load: "subprocess.Popen[str]") -> int:
    """End a load; return how much it did."""
    load.terminate()
    said, _ = load.communicate(timeout=STOP_LIMIT)
    return int(said)


def _end(process: "subprocess.Popen[Any]") -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)
