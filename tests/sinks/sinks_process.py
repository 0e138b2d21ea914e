"""A process with toy sinks; run by the tests that need one: root, s until a target counts as hung, kinds of toys.

``collects`` writes every document into ``ROOT/collected``; ``refuses`` is never there; ``hangs`` takes its first
document and never returns; ``dies`` takes the whole process with it at its third document.
"""

import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operando.errors import TargetAway
from operando.sinks.service import run
from operando.sinks.targets import Target


class Toy:
    resumes = True

    def __init__(self, kind: str, root: Path) -> None:
        self._kind, self._root, self._count = kind, root, 0
        if kind == "refuses":
            raise TargetAway("toy: nobody is there")

    def begin(self, run: str, whole: bool) -> bool:
        return True

    def send(self, run: str, name: str, document: Mapping[str, Any]) -> None:
        self._count += 1
        if self._kind == "hangs":
            threading.Event().wait()
        if self._kind == "dies" and self._count == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        with (self._root / "collected").open("a") as file:
            file.write(f"{self._kind} {run} {name} {document.get('uid')}\n")

    def end(self, run: str) -> None:
        pass

    def close(self) -> None:
        if self._kind == "hangs":
            threading.Event().wait()


def main() -> None:
    root, stuck_s, *kinds = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    targets = {kind: Target(lambda kind=kind: Toy(kind, Path(root))) for kind in kinds}
    asked = run(targets, Path(root), stop, lambda: os.write(1, b"ready\n"), float(stuck_s))
    os._exit(0 if asked else 1)


if __name__ == "__main__":
    main()
