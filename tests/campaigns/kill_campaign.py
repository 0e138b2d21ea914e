"""An endstation in which one program after the other is killed, while an operator repeats a short cycle."""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import tomlkit
from cell_programmes import one_cycle
from live.conftest import CURRENT, SPEED, Live
from waiting import wait_until

from operando.cli.demo_configuration import write_configuration
from operando.cli.down import take_down
from operando.config import load
from operando.endstation import Root, bring_up
from operando.journal import read_journal
from operando.recorder.finished import is_finished
from operando.recorder.nexus import path_of
from operando.recorder.run import Run

TARGETS = ("recorder", "environment", "RunEngine", "detector")
PHASES = {
    "opening": ("open_run", 0.4),
    "exposing": ("trigger", 0.15),
    "flushing": ("save", 0.6),
    "closing": ("close_run", 0.5),
}
"""Phase → the message of the plan that begins it, and s after it within which the kill comes."""
ACTIVE_MASS, NOMINAL = 0.6, 0.12
"""mg, and mA h."""
STEP_S = 2.0
"""s of charge, and of discharge: a cycle has about 15 frames."""
FRAMES_PER_FILE = 8
OWNER_LAPSE_S = 2.0
PATIENCE_S = 120.0
"""s that an endstation may take to get to the next message: a restarted server is found after up to 6 s."""


@dataclass(frozen=True)
class Kill:
    """One case; everything about it follows from its seed.

    Parameters
    ----------
    after : float
        s from the message to the kill.
    count : int
        Which of the coming messages, from 1.
    """

    seed: int
    target: str
    phase: str
    after: float
    count: int

    @classmethod
    def of(cls, seed: int) -> "Kill":
        """Draw a case; four in a row have the four targets."""
        chance = random.Random(seed)
        phase = chance.choice(list(PHASES))
        count = 1 if phase in ("opening", "closing") else chance.randint(1, 8)
        return cls(seed, TARGETS[seed % len(TARGETS)], phase, chance.uniform(0.0, PHASES[phase][1]), count)

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.target} while {self.phase}"


class Session:
    """A RunEngine process that repeats a cycle; what it says is collected by a thread."""

    def __init__(self, live: Live, acknowledged: Path) -> None:
        script = Path(__file__).with_name("repeated_cycles.py")
        with (live.place.logs / "session.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(script), str(acknowledged)],
                env=live.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._heard = threading.Condition()
        self._counts: dict[str, int] = {}
        self._failure = ""
        self._listener = threading.Thread(target=self._listen, name="session's words")
        self._listener.start()

    def wait_for(self, word: str, count: int = 1) -> None:
        """Wait until a word has come so many times from now on."""
        with self._heard:
            wanted = self._counts.get(word, 0) + count
            came = self._heard.wait_for(lambda: self._counts.get(word, 0) >= wanted, PATIENCE_S)
        assert came, f"no {word!r} in {PATIENCE_S:g} s; the session has said {self._counts}, {self._failure}"

    def end(self) -> None:
        """Kill it, if it still lives."""
        self.process.kill()
        self._listener.join()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                word = line.split()[0]
                self._failure = line if word == "failed" else self._failure
                self._counts[word] = self._counts.get(word, 0) + 1
                self._heard.notify_all()


class KillCampaign:
    """A running endstation, its session, and who is killed in it."""

    def __init__(self, folder: Path) -> None:
        configuration = _configuration(folder / "configuration")
        place = Root(folder / "root")
        self._supervisor = bring_up(place, configuration)
        self.live = Live(place, load(configuration))
        self.acknowledged = place.path / "acknowledged"
        self.kills: list[Kill] = []
        self.cut_off: list[str] = []
        """Files that did not open between the kill of a recorder in the middle of a flush and the next recorder."""
        self._committed: tuple[int, np.ndarray] = (0, np.array([]))
        self.session = Session(self.live, self.acknowledged)

    def finish(self) -> list[tuple[Path, Path]]:
        """End the session as a kill does; return each journal with its file of record, once that is complete."""
        self.session.end()
        data_root = self.live.place.path / self.live.config.data_root
        found = []
        for journal in sorted(self.live.journals.glob("*.jsonl"), key=lambda path: path.stat().st_ctime):
            _, start = next(read_journal(journal))
            found.append((journal, path_of(data_root, Run.from_start(start))))
        for journal, record in found:
            wait_until(lambda: is_finished(record), PATIENCE_S, f"the file of record of {journal}")  # noqa: B023
        return found

    def close(self) -> None:
        self.session.end()
        take_down(self.live.place)
        assert self._supervisor.wait(20) == 0

    def kill(self, case: Kill) -> None:
        """Kill when the case says so, look at what is left, and start again what nobody else does."""
        message, _ = PHASES[case.phase]
        self.session.wait_for(message, case.count)
        threading.Event().wait(case.after)
        self._remember_log()
        os.kill(self._pid(case.target), signal.SIGKILL)
        self.kills.append(case)
        if case.target == "RunEngine":
            self.session.end()
            self.session = Session(self.live, self.acknowledged)
        elif case.target == "recorder":
            self._open_records()
        elif case.target == "environment":
            self._compare_log()

    @property
    def records(self) -> Path:
        return self.live.place.path / self.live.config.data_root / "processed"

    def _pid(self, target: str) -> int:
        """Pid of a target that serves; one killed before is on its way up."""
        if target == "RunEngine":
            return self.session.process.pid
        if target == "detector":
            return _detector_of(self.live.pid("sim"))
        wait_until(lambda: self.live.place.owner(target), PATIENCE_S, f"the {target} to run")
        return self.live.pid(target)

    def _open_records(self) -> None:
        """Whatever the killed recorder has left opens; what it was just flushing, once the next one is back."""
        for path in self.records.rglob("*.nxs"):
            if complaint := self._complaint(path):
                self.cut_off.append(f"{path.name}: {complaint}")
                wait_until(lambda: not self._complaint(path), PATIENCE_S, f"{path} to open again")  # noqa: B023

    def _complaint(self, path: Path) -> str:
        """Return why plain h5py does not read a file; empty where it does."""
        try:
            left = Path(shutil.copy(path, self.live.place.path / "left.nxs"))
            with h5py.File(left, "r") as file:
                file.visititems(_look_at)
        except (OSError, RuntimeError) as error:
            return str(error)
        return ""

    def _remember_log(self) -> None:
        with closing(self.live.history()) as history:
            committed = history.committed_ns()
            self._committed = committed, history.samples("stack_pressure", committed - 10**10, committed).time_ns

    def _compare_log(self) -> None:
        """What was committed before the service was killed is there, and nothing more of that time."""
        committed, times = self._committed
        with closing(self.live.history()) as history:
            assert np.array_equal(history.samples("stack_pressure", committed - 10**10, committed).time_ns, times)


def _look_at(_: str, each: "h5py.Group | h5py.Dataset") -> None:
    if isinstance(each, h5py.Dataset):
        each[()]


def _configuration(folder: Path) -> Path:
    """The simulated endstation with a short cycle and short files of frames."""
    configuration = write_configuration(folder, SPEED, 1, 1, None, None, None)
    document = tomlkit.parse(configuration.read_text())
    # so little that a charge of 2 s gets it where lithium goes back in: else it goes to the end of the voltage range
    document["cell"].update(nominal_capacity_mAh=NOMINAL, active_mass_mg=ACTIVE_MASS)
    del document["cell"]["loading_mg_per_cm2"]
    document["programme"] = one_cycle(CURRENT, 0.8 * CURRENT, step_time_limit_s=STEP_S)
    document["detector"]["frames_per_file"] = FRAMES_PER_FILE
    document["pressure"]["settle_time_s"] = 0.3
    document["heater"]["settle_time_s"] = 0.3
    document["control"]["owner_lapse_s"] = OWNER_LAPSE_S
    # A cell that is emptied at 250 times its speed falls by volts between two samples, as if it were shorted.
    names = [row["name"] for row in document["interlocks"]]
    del document["interlocks"][names.index("short_circuit")]
    configuration.write_text(tomlkit.dumps(document))
    return configuration


def _detector_of(sim: int) -> int:
    """Pid of the process of the simulated IOCs, once there is one."""
    found: list[int] = []

    def look() -> bool:
        try:
            children = Path(f"/proc/{sim}/task/{sim}/children").read_text().split()
            found[:] = [int(pid) for pid in children if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        except OSError:  # one that ended between the two looks
            return False
        return bool(found)

    wait_until(look, PATIENCE_S, "the detector's process to run")
    return found[0]
