"""A program of somebody else's: prints name and uid of the documents that bluesky's RemoteDispatcher brings.

Arguments: address, prefix, and, for an encrypted line, the files of its own keys and of the server's public one. With
``proxy`` as the first, a proxy between two addresses instead.
"""

import os
import sys
from pathlib import Path
from typing import Any

from bluesky.callbacks.zmq import ClientCurve, Proxy, RemoteDispatcher


def main() -> None:
    if sys.argv[1] == "proxy":
        proxy = Proxy(*sys.argv[2:])
        os.write(1, b"ready\n")
        proxy.start()
    address, prefix, *keys = sys.argv[1:]
    curve = ClientCurve(*map(Path, keys)) if keys else None
    dispatcher = RemoteDispatcher(address, prefix=prefix.encode(), strict=True, curve_config=curve)

    def show(name: str, document: dict[str, Any]) -> None:
        os.write(1, f"{name} {document['uid']}\n".encode())

    dispatcher.subscribe(show)
    dispatcher.loop.call_soon(os.write, 1, b"ready\n")
    dispatcher.start()


if __name__ == "__main__":
    main()
