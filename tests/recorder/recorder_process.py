"""A recorder process; run by the tests that need one: folder of configs, root, port, ``once`` or ``live``."""

import os
import sys
from pathlib import Path

from operando.config import load
from operando.recorder.service import run

if __name__ == "__main__":
    configs, root, port, how = sys.argv[1:]
    run(
        load(Path(configs) / "simulated.toml"),
        Path(root),
        int(port),
        how == "once",
        lambda: os.write(1, b"ready\n"),
    )
