"""``sbatch`` and ``scancel`` of a cluster that is this host: a job is a process group."""

import os
import signal
import sys
from pathlib import Path

from waiting import wait_until

SBATCH = """#!/bin/sh
cp "$1" {jobs}/script
cp "$1" {jobs}/job.$$
setsid sh {jobs}/job.$$ >> {jobs}/output 2>&1 &
echo $! >> {jobs}/started
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
echo "$1" >> {jobs}/cancelled
kill -TERM -- "-$1"
"""


class ToySlurm:
    """Puts both commands into a folder; what was asked for lies beside them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
            script = folder / name
            script.write_text(text.format(jobs=folder))
            script.chmod(0o755)

    @property
    def path(self) -> str:
        """PATH with the commands, and the interpreter's folder."""
        return os.pathsep.join([str(self._folder), str(Path(sys.executable).parent), os.environ["PATH"]])

    @property
    def script(self) -> str:
        """The last job."""
        return (self._folder / "script").read_text()

    def started(self) -> list[int]:
        return self._numbers("started")

    def cancelled(self) -> list[int]:
        return self._numbers("cancelled")

    def kill(self, job: int) -> None:
        """End a job as a node does that loses its power."""
        os.killpg(job, signal.SIGKILL)

    def close(self) -> None:
        """End every job, and see it gone."""
        for job in self.started():
            wait_until(lambda: self._is_gone(job), what=f"the end of job {job}")  # noqa: B023

    def _is_gone(self, job: int) -> bool:
        try:
            self.kill(job)
        except ProcessLookupError:
            return True
        return False

    def _numbers(self, name: str) -> list[int]:
        file = self._folder / name
        return [int(line) for line in file.read_text().split()] if file.is_file() else []
