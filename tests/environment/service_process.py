"""The environment service in a process of its own; says "ready" on its standard output."""

import logging
import sys
from pathlib import Path

from operando.config import load
from operando.environment.service import run
from operando.errors import OperandoError


def ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    try:
        run(load(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3]), ready)
    except OperandoError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(2)
