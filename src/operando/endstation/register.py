"""``ROOT/run/endstation.json``: which processes run, on which ports, and how a client reaches them."""

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from operando.endstation.ports import LOOPBACK
from operando.endstation.root import Root

_logger = logging.getLogger(__name__)


class Register:
    """The register of one root; every change is a locked read-modify-replace.

    Parameters
    ----------
    root : Root
        Its root.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        self._file = root.run / "endstation.json"

    def read(self) -> dict[str, Any]:
        """Return what is registered; empty where nothing ever ran."""
        try:
            found: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {"processes": {}}
        return found

    def enter(self, kind: str, **facts: Any) -> None:
        """Add or change facts (``pid``, ``state``, ``ca_port``, …) of a process."""
        with self._changing() as content:
            content["processes"].setdefault(kind, {}).update(facts)

    def configure(self, configuration: Path) -> None:
        """Remember which configuration this endstation runs."""
        with self._changing() as content:
            content["configuration"] = str(configuration)

    def ca_port(self, kind: str) -> int | None:
        """Port that a kind of process has or had."""
        port = self.read()["processes"].get(kind, {}).get("ca_port")
        return int(port) if port else None

    def status(self) -> dict[str, dict[str, Any]]:
        """Name → pid and state; a process that ended without saying so is ``dead``."""
        found = {}
        for kind, facts in self.read()["processes"].items():
            owner = self._root.owner(kind)
            state = facts.get("state", "unknown")
            if owner is None and state != "stopped":
                state = "dead"
            found[kind] = {"pid": owner, "state": state}
        return found

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        self._root.prepare()
        with open(self._root.run / "endstation.lock", "w", encoding="utf-8") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            content = self.read()
            yield content
            content["ca_address_list"] = _address_list(content["processes"])
            try:
                self._replace(json.dumps(content, indent=1))
            except OSError as error:
                if not self._file.exists():
                    raise
                # A full disk must not keep a service that died from regulating the cell again; its port is the old one.
                _logger.error("%s: cannot be written: %s; it says what it said before", self._file, error)

    def _replace(self, text: str) -> None:
        fresh = self._file.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # or a power cut may leave an empty file, and nothing starts
        os.replace(fresh, self._file)


def _address_list(processes: Mapping[str, Mapping[str, Any]]) -> str:
    ports = sorted({int(facts["ca_port"]) for facts in processes.values() if facts.get("ca_port")})
    return " ".join(f"{LOOPBACK}:{port}" for port in ports)
