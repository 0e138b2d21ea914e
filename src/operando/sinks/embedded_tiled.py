"""A Tiled server of our own, on the loopback address, for an endstation whose site has none."""

from pathlib import Path

from tiled.server import SimpleTiledServer

from operando.sinks.health import FOLDER
from operando.sinks.key import remembered_key


class EmbeddedTiled:
    """Serves ``ROOT/tiled`` for as long as this process lives.

    Its catalogue is SQLite and its tables are DuckDB, both on disk: a killed server opens them again.

    Parameters
    ----------
    root : Path
        State root.
    data_root : Path
        Where frames are; the server may read them.
    port : int
        Loopback port; 0 is any.
    key : str or None
        API key; None takes the one of the last time, or a new one, from ``ROOT/run/sinks/tiled.key``.
    """

    def __init__(self, root: Path, data_root: Path, port: int, key: str | None) -> None:
        self.key = key or remembered_key(root / FOLDER / "tiled.key")
        self._server = SimpleTiledServer(
            root / "tiled", api_key=self.key, port=port, readable_storage=[data_root.resolve()]
        )
        self.port = self._server.port
        self.uri = f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """End the server."""
        self._server.close()
