"""A Tiled server of our own as a process: root, folder that it may read, port, key (``-``: one it remembers)."""

import os
import sys
import threading
from pathlib import Path


def main() -> None:
    from operando.sinks.embedded_tiled import EmbeddedTiled  # its packages are not in the test extra

    root, readable, port, key = sys.argv[1:]
    (Path(root) / "run" / "sinks").mkdir(parents=True, exist_ok=True)
    served = EmbeddedTiled(Path(root), Path(readable), int(port), None if key == "-" else key)
    os.write(1, f"{served.port} {served.key}\n".encode())
    threading.Event().wait()


if __name__ == "__main__":
    main()
