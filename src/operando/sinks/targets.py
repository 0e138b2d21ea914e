"""The targets that a configuration names; the packages of each are imported when it is first connected."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from operando.config import Endstation
from operando.config.sinks import Tiled
from operando.errors import TargetAway
from operando.sinks.sink import Sink

if TYPE_CHECKING:
    from operando.sinks.embedded_tiled import EmbeddedTiled


@dataclass(frozen=True, slots=True)
class Target:
    """One target.

    Parameters
    ----------
    connect : callable
        Makes its sink; raises TargetAway where that may succeed later.
    live_only : bool
        Runs that had ended before it was first fed are not sent.
    """

    connect: Callable[[], Sink]
    live_only: bool = False


def targets(config: Endstation, root: Path) -> dict[str, Target]:
    """Return name → target; empty where none is configured."""
    wanted = config.sinks
    found: dict[str, Target] = {}
    if wanted.tiled is not None:
        extra = "tiled" if wanted.tiled.uri else "tiled-server"
        found["tiled"] = Target(_with_extra(extra, _to_tiled(wanted.tiled, root, root / config.data_root)))
    if (zmq := wanted.zmq) is not None:

        def to_zmq() -> Sink:
            from operando.sinks.zmq import ZmqSink

            return ZmqSink(zmq, config.beside)

        found["zmq"] = Target(_with_extra("zmq", to_zmq), live_only=True)
    if wanted.icat is not None:
        from operando.sinks.icat import IcatSink

        found["icat"] = Target(IcatSink)
    return found


def missing_packages(config: Endstation) -> list[str]:
    """Return, for each configured target whose packages are not installed, what installs them."""
    wanted = config.sinks
    needed = []
    if wanted.tiled is not None:
        needed += [("tiled", "bluesky_tiled_plugins")] if wanted.tiled.uri else [("tiled-server", "uvicorn")]
    if wanted.zmq is not None:
        needed += [("zmq", "zmq")]
    return [f"pip install 'operando[{extra}]'" for extra, package in needed if find_spec(package) is None]


def _to_tiled(settings: Tiled, root: Path, data_root: Path) -> Callable[[], Sink]:
    @cache
    def embedded() -> "EmbeddedTiled":
        from operando.sinks.embedded_tiled import EmbeddedTiled

        return EmbeddedTiled(root, data_root, settings.port, os.environ.get(settings.api_key_variable))

    def connect() -> Sink:
        from operando.sinks.tiled import TiledSink

        if settings.uri is None:
            return TiledSink(embedded().uri, embedded().key)
        return TiledSink(settings.uri, os.environ.get(settings.api_key_variable))

    return connect


def _with_extra(name: str, connect: Callable[[], Sink]) -> Callable[[], Sink]:
    """Say which extra brings the packages that are missing."""

    def connected() -> Sink:
        try:
            return connect()
        except ImportError as error:
            raise TargetAway(f"{error}; pip install 'operando[{name}]' brings it") from error

    return connected
