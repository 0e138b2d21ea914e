"""The other end of the feed: looks as they come, for a dashboard, a terminal or IPython."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from operando.errors import ServiceSilent
from operando.live.look import FORMAT, HELLO, Look, decode

PLACE = Path("run", "live.json")
"""File below the root of an endstation that says where the feed is."""


class LiveFeed:
    """A connection to the recorder of an endstation; iterating gives looks as they come, the newest of each at first.

    Parameters
    ----------
    root : Path
        State root of the endstation.
    timeout : float or None
        s to wait for the next look; None waits for ever.

    Raises
    ------
    ServiceSilent
        No recorder serves a feed there.
    """

    def __init__(self, root: Path, timeout: float | None = None) -> None:
        place = Path(root) / PLACE
        try:
            facts = json.loads(place.read_text(encoding="utf-8"))
            self._socket = socket.create_connection((facts["host"], int(facts["port"])), timeout=10.0)
        except (OSError, ValueError, KeyError) as error:
            raise ServiceSilent(f"{place}: no recorder serves a live feed here ({error})") from error
        self._socket.settimeout(timeout)
        self._lines = self._socket.makefile("rb")
        self._offered: set[str] = set()

    def __iter__(self) -> Iterator[Look]:
        """Give looks until the recorder ends.

        Raises
        ------
        ServiceSilent
            None came within the timeout, or the lines are of a format that is not known here.
        """
        while line := self._line():
            look = decode(line)
            if look.name != HELLO:
                yield look
            elif look.facts.get("format") == FORMAT:
                self._offered = set(str(look.facts.get("looks")).split())
            else:
                raise ServiceSilent(f"the live feed speaks format {look.facts.get('format')}, not {FORMAT}")

    def newest(self, *names: str) -> dict[str, Look]:
        """Wait until there was a look at each of some things; return the newest of all.

        Parameters
        ----------
        names : str
            Of the things; without any, those that there was something of when the connection was made.

        Raises
        ------
        ServiceSilent
            The recorder ended, or nothing came within the timeout.
        """
        seen: dict[str, Look] = {}
        for look in self:
            seen[look.name] = look
            if seen.keys() >= (set(names) or self._offered):
                return seen
        missing = ", ".join(sorted((set(names) or self._offered) - seen.keys()))
        raise ServiceSilent(f"the live feed ended before a look at {missing or 'anything'}")

    def close(self) -> None:
        """End the connection."""
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _line(self) -> bytes:
        try:
            line = self._lines.readline()
        except TimeoutError as error:
            raise ServiceSilent("the live feed: nothing new within the timeout") from error
        except OSError:
            return b""  # the recorder was killed
        return line if line.endswith(b"\n") else b""
