"""A recorder that is asked, line by line, to do what there is to do, and tells what it needed; run by a campaign.

Each answer is a line of JSON: resident memory (MiB), open descriptors, s of processor time so far, finished files.
"""

import json
import os
import sys
import time
from pathlib import Path

from operando.history import EnvironmentHistory
from operando.recorder.runs import Runs


def resident() -> float:
    """MiB of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def main(root: Path) -> None:
    """Record what is there, for each line of standard input."""
    history = EnvironmentHistory(root / "environment")
    runs = Runs(root / "journal", root / "data", history)
    for _ in sys.stdin:
        runs.discover()
        while runs.step():
            pass
        answer = {
            "MiB": resident(),
            "descriptors": len(os.listdir("/proc/self/fd")) - 1,
            "processor_s": time.process_time(),
            "finished": [str(path) for path in runs.finished],
        }
        os.write(1, json.dumps(answer).encode() + b"\n")
    runs.close()
    history.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
