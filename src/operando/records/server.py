"""An EPICS server on the loopback address, made from a table of records."""

import ctypes
import logging
import os
import queue
import socket
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from operando.errors import EndstationError
from operando.records.spec import RecordSpec, Value
from operando.vocabulary import Quality

if TYPE_CHECKING:
    from operando.records.record import PublishedRecord, WritableRecord

LOOPBACK = "127.0.0.1"
_logger = logging.getLogger(__name__)


class RecordServer:
    """Serves records over Channel Access on one loopback port; PV Access is off.

    Parameters
    ----------
    prefix : str
        Of the endstation, with its trailing colon.
    ca_port : int
        TCP and UDP port; each server of an endstation has its own, since servers sharing one hide each other.
    specs : sequence of RecordSpec
        The records.
    locked : bool
        Keep the whole process in memory, where the host lets it: for one that keeps time. Every stack and reserve of
        it then takes real memory, some 0.4 GB.

    Raises
    ------
    EndstationError
        The port is taken, or this process has a server already (EPICS base has one database a process).
    """

    _exists: ClassVar[bool] = False

    def __init__(self, prefix: str, ca_port: int, specs: Sequence[RecordSpec], locked: bool = False) -> None:
        if RecordServer._exists:
            raise EndstationError("EPICS records: this process has a server already; a second needs its own process")
        _check_free(ca_port)
        RecordServer._exists = True
        self._puts: queue.SimpleQueue[tuple[RecordSpec, Any] | None] = queue.SimpleQueue()
        self._records = self._serve(prefix, ca_port, specs, locked)
        self._dispatcher = threading.Thread(target=self._dispatch, name="record puts", daemon=True)
        self._dispatcher.start()

    def publish(self, name: str, value: Value, time_ns: int | None = None, quality: Quality = Quality.GOOD) -> None:
        """Serve a value; from any thread.

        Parameters
        ----------
        name : str
            Of the record, without prefix.
        value : float, int, str or ndarray
            NaN is served as 0 by integers and flags; their quality tells.
        time_ns : int, optional
            UTC, ns since the epoch: the record's time stamp; now when left out.
        quality : Quality
            Becomes the record's alarm severity.
        """
        self._records[name].publish(value, time_ns, quality)

    def close(self) -> None:
        """Deliver no more puts. The records themselves are served until the process ends."""
        self._puts.put(None)
        self._dispatcher.join()

    def _serve(
        self, prefix: str, ca_port: int, specs: Sequence[RecordSpec], locked: bool
    ) -> dict[str, "PublishedRecord | WritableRecord"]:
        os.environ["EPICS_CAS_SERVER_PORT"] = str(ca_port)
        os.environ["EPICS_CAS_INTF_ADDR_LIST"] = LOOPBACK
        os.environ.setdefault("EPICS_CAS_BEACON_ADDR_LIST", LOOPBACK)
        os.environ["EPICS_CAS_AUTO_BEACON_ADDR_LIST"] = "NO"
        from epicscorelibs.ioc import dbCore
        from softioc import builder, softioc

        from operando.records.record import make_record

        records = {spec.name: make_record(spec, prefix + spec.name, self._deliver) for spec in specs}
        builder.LoadDatabase()
        ctypes.c_int.in_dll(dbCore, "dbThreadRealtimeLock").value = locked  # EPICS base locks unless told
        softioc.iocInit(_no_updates, enable_pva=False)
        return records

    def _deliver(self, spec: RecordSpec, value: Any) -> None:
        self._puts.put((spec, value))

    def _dispatch(self) -> None:
        while (item := self._puts.get()) is not None:
            spec, value = item
            if spec.on_put is None:
                continue
            try:
                spec.on_put(value)
            except Exception:
                # A thread's outermost frame: one failing put must not end all others.
                _logger.exception("record %s: a client put %r, and taking it failed", spec.name, value)


def _check_free(port: int) -> None:
    """EPICS would silently take another port, where no client looks."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as error:
                raise EndstationError(f"EPICS records: port {port} of {LOOPBACK} is taken: {error.strerror}") from error


def _no_updates(*_: Any, **__: Any) -> None:
    """Take softioc's calls for accepted puts, of which there are none: records keep their value until published."""
