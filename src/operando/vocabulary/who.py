"""Who asks, as it appears in requests, heartbeats, refusals and the log."""

import getpass
import os
import socket
import sys
from pathlib import Path


def who() -> str:
    """Return user, host, process and program; the same for everything that one process asks."""
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    return f"{getpass.getuser()}@{socket.gethostname()}:{os.getpid()} {program}"
