"""A scheduler and workers of dask.distributed, each a process that can be killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from waiting import wait_until

NOWHERE = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")


class DaskProcesses:
    """A scheduler on the loopback address, and workers that are added by hand.

    Parameters
    ----------
    folder : Path
        For what they write and say.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        own = ("--scheduler-file", str(file), "--host", "127.0.0.1", "--port", "0")
        self.scheduler = self._start("distributed.cli.dask_scheduler", *own)
        wait_until(lambda: file.is_file() and file.stat().st_size > 0, what="a scheduler")
        self.address = str(json.loads(file.read_text())["address"])

    def add_worker(self, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a worker with one thread; without a nanny, so that a kill is its end."""
        place = ("--local-directory", str(self._folder), "--host", "127.0.0.1")
        own = ("--nthreads", "1", "--no-nanny", "--memory-limit", "0")
        return self._start("distributed.cli.dask_worker", self.address, *own, *place, **environment)

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def _start(self, module: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        with (self._folder / "dask.log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments, *NOWHERE],
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        self._processes.append(process)
        return process
