"""Runs in a Tiled catalogue: scalars in its tables, frames registered where the detector wrote them."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("TILED_RETRY_ATTEMPTS", "1")  # read at import: who feeds a sink tries again by itself

import httpx
from bluesky_tiled_plugins import TiledWriter
from tiled.client import from_uri

from operando.errors import TargetAway

WHOLE_BATCH = 1000
"""Events written at once of a run that has ended; of one under way, each is written as it comes."""
TIMEOUT_S = 30.0
"""s that the server may take to answer."""
KEY_TROUBLE = (401, 403, 429)
"""HTTP states that say something about our key or the server's load, and nothing about a run."""


class TiledSink:
    """Writes runs with bluesky's TiledWriter, one writer a run.

    A writer cannot go on with what another one began. A run that was interrupted is removed from the catalogue and
    written again from its first document. Frames are registered, never copied, and never removed.

    Parameters
    ----------
    uri : str
        Of a catalogue, or of a container in it.
    key : str or None
        API key; None where the server wants none.

    Raises
    ------
    TargetAway
        The server does not answer, or does not let us in.
    """

    resumes = False

    def __init__(self, uri: str, key: str | None) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every request, some for every event
        self._uri = uri
        self._writers: dict[str, TiledWriter] = {}
        try:
            self._catalogue = from_uri(uri, api_key=key, timeout=httpx.Timeout(TIMEOUT_S))
        except (httpx.HTTPError, EOFError) as error:  # EOFError: it asks for a password, and nobody is there
            raise TargetAway(f"{uri}: {_words(error)}") from error

    def begin(self, run: str, whole: bool) -> bool:
        """Make room for a run; False where it is in the catalogue with its stop document."""
        with self._reached():
            if run in self._catalogue:
                node = self._catalogue[run]
                if "stop" in node.metadata:
                    return False
                # Only what the server keeps itself goes with the run: frames are external, and stay.
                node.delete(recursive=True, external_only=False)
        self._writers[run] = TiledWriter(self._catalogue, batch_size=WHOLE_BATCH if whole else 1)
        return True

    def send(self, run: str, name: str, document: Mapping[str, Any]) -> None:
        """Write one document."""
        with self._reached():
            self._writers[run](name, dict(document))

    def end(self, run: str) -> None:
        """Forget the writer; the stop document has made it write everything."""
        self._writers.pop(run, None)

    def close(self) -> None:
        """Close the connections."""
        self._writers.clear()
        self._catalogue.context.http_client.close()

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Tell a server that is away from one that refuses a run."""
        try:
            yield
        except httpx.TransportError as error:
            raise TargetAway(f"{self._uri}: {_words(error)}") from error
        except httpx.HTTPStatusError as error:
            if error.response.status_code in KEY_TROUBLE or error.response.status_code >= 500:
                raise TargetAway(f"{self._uri}: {_words(error)}") from error
            raise


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
