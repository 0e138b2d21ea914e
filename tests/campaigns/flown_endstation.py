"""A simulated endstation on which one fly scan is taken, and its recorder."""

import json
import os
import signal
from pathlib import Path

import tomlkit
from live.conftest import Live
from waiting import wait_until

from operando.cli.demo_configuration import write_configuration
from operando.cli.down import take_down
from operando.config import load
from operando.endstation import Root, bring_up
from operando.journal import read_journal
from operando.recorder.finished import is_finished
from operando.recorder.nexus import path_of
from operando.recorder.run import Run

EXPOSURE_S, PERIOD_S = 0.01, 0.05
COARSER = 20
"""Times the pixels of the shipped detector, so that a simulated frame takes no time."""
PATIENCE_S = 600.0
SESSION = """
import threading
from operando import startup as s
while not s.detector.connected:
    threading.Event().wait(0.1)
s.RE(s.fly_frames(s.detector, frames={frames}, exposure={exposure}, period={period}, readables=[s.stack_pressure]))
"""


class FlownEndstation:
    """Brought up, with a RunEngine process that takes a number of frames."""

    def __init__(self, folder: Path, frames: int) -> None:
        configuration = write_configuration(folder / "configuration", 1.0, 1, 1, None, None, None)
        _coarsen(configuration.parent / "poni" / "simulated.poni")
        document = tomlkit.parse(configuration.read_text())
        del document["lattice"]  # pixels so coarse show no lattice, and looking for it takes long
        configuration.write_text(tomlkit.dumps(document))
        place = Root(folder / "root")
        self._supervisor = bring_up(place, configuration)
        self.live = Live(place, load(configuration))
        code = SESSION.format(frames=frames, exposure=EXPOSURE_S, period=PERIOD_S)
        self._session = self.live.start_python(code)
        self._read = 0
        self._announced = 0

    def announced(self) -> int:
        """How many frames the documents promise by now."""
        assert self._session.poll() is None or self._session.returncode == 0, self._session.communicate()[0]
        for journal in self.live.journals.glob("*.jsonl"):
            with journal.open("rb") as file:
                file.seek(self._read)
                lines = file.read().split(b"\n")[:-1]
            self._read += sum(len(line) + 1 for line in lines)
            for line in lines:
                entry = json.loads(line)
                if entry["name"] == "stream_datum":
                    self._announced += entry["doc"]["indices"]["stop"] - entry["doc"]["indices"]["start"]
        return self._announced

    @property
    def flying(self) -> bool:
        return self._session.poll() is None

    def missing(self) -> int:
        """How many frames the detector took and nobody has: a busy host is slower than the camera."""
        (journal,) = self.live.journals.glob("*.jsonl")
        told = [doc["data"] for name, doc in read_journal(journal) if name == "event"]
        (last,) = [data["detector_account_missing"] for data in told if "detector_account_missing" in data][-1:]
        return sum(each["count"] for each in json.loads(last))

    def kill_recorder(self) -> None:
        """Kill it as soon as it runs; the supervisor starts it again."""
        wait_until(lambda: self.live.place.owner("recorder"), PATIENCE_S, "the recorder to run")
        os.kill(self.live.pid("recorder"), signal.SIGKILL)

    def landed(self) -> tuple[Path, Path]:
        """Wait for the end of flight and record; return journal and file of record."""
        said, _ = self._session.communicate(timeout=PATIENCE_S)
        assert self._session.returncode == 0, said
        (journal,) = self.live.journals.glob("*.jsonl")
        _, start = next(read_journal(journal))
        record = path_of(self.live.place.path / self.live.config.data_root, Run.from_start(start))
        wait_until(lambda: is_finished(record), PATIENCE_S, f"the file of record of {journal}")
        return journal, record

    def close(self) -> None:
        self.live.end_children()
        take_down(self.live.place)
        assert self._supervisor.wait(20) == 0


def _coarsen(poni: Path) -> None:
    """Give the simulated detector fewer, larger pixels."""
    lines = poni.read_text().splitlines()
    (place,) = (number for number, line in enumerate(lines) if line.startswith("Detector_config:"))
    detector = json.loads(lines[place].partition(":")[2])
    detector |= {name: COARSER * detector[name] for name in ("pixel1", "pixel2")}
    detector["max_shape"] = [pixels // COARSER for pixels in detector["max_shape"]]
    lines[place] = f"Detector_config: {json.dumps(detector)}"
    poni.write_text("\n".join(lines) + "\n")
