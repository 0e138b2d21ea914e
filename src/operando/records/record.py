"""One softioc record: a reading that is only published, or one that clients may put into.

Importing this module loads EPICS, which reads its environment variables: `operando.records.server` sets them first.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from softioc import alarm, builder
from softioc.device_core import LookupRecord
from softioc.fields import ca_timestamp

from operando.records.spec import RecordSpec, Value
from operando.vocabulary import Quality

_NS = 1_000_000_000
_DEVICE_TIME = "-2"
"""TSE: the time stamp is set by device support, not at processing (EPICS base, epicsTimeEventDeviceTime)."""
_ALWAYS = "-1"
"""MDEL: a monitor for each publication, also of an unchanged value: its time stamp is news."""

Deliver = Callable[[RecordSpec, Any], None]


class PublishedRecord:
    """A softioc input record, read-only for clients; INVALID until it is first published."""

    def __init__(self, spec: RecordSpec, record: Any) -> None:
        self._kind = spec.kind
        self._record = record
        _mark_unknown(record)

    def publish(self, value: Value, time_ns: int | None, quality: Quality) -> None:
        """Serve a value under the time stamp of its measurement; from any thread."""
        status = alarm.NO_ALARM if quality is Quality.GOOD else alarm.READ_ALARM
        stamp = _stamp(time_ns)
        self._record.set(_fitting(self._kind, value), severity=int(quality), alarm=status, timestamp=stamp)


class WritableRecord:
    """A softioc output record whose value only the service changes; what clients put is delivered, not stored.

    To the client its put has succeeded, and nothing of it shows until the service publishes a value. softioc has no
    public way for that, nor for time stamp and severity of an output record: its private names are used here alone.

    Parameters
    ----------
    spec : RecordSpec
        With ``on_put``.
    name : str
        With the endstation's prefix.
    make : callable
        softioc's builder, still to be given its ``validate`` callback.
    deliver : callable
        Takes what a client put; called in a thread of the EPICS server with the record locked, so it only queues.
    """

    def __init__(self, spec: RecordSpec, name: str, make: Callable[..., Any], deliver: Deliver) -> None:
        self._spec = spec
        self._deliver = deliver
        self._stamps = threading.local()
        self._lock = threading.Lock()
        make(validate=self._take, always_update=True)
        self._device: Any = LookupRecord(name)
        if spec.kind in ("flag", "text"):  # buttons and mailboxes, not readings
            self._device.set_alarm(alarm.NO_ALARM, alarm.NO_ALARM)
        else:
            _mark_unknown(self._device)
        self._kept = self._device._value[0]  # noqa: SLF001
        """As last published, in the form that EPICS holds."""

    def publish(self, value: Value, time_ns: int | None, quality: Quality) -> None:
        """Serve a value under the time stamp of its decision; from any thread."""
        device, fitting = self._device, _fitting(self._spec.kind, value)
        with self._lock:
            self._stamps.now = _stamp(time_ns)
            status = alarm.NO_ALARM if quality is Quality.GOOD else alarm.WRITE_ALARM
            kept = device._value_to_epics(fitting)  # noqa: SLF001
            device._value = (kept, int(quality), status)  # noqa: SLF001
            try:
                device.set(fitting)
            finally:
                self._stamps.now = None

    def _take(self, device: Any, value: Any) -> bool:
        """Stamp what this thread publishes, or put aside what a client put; the record is locked and not yet posted."""
        record = device._record  # noqa: SLF001
        stamp = getattr(self._stamps, "now", None)
        if stamp is None:
            self._deliver(self._spec, value)
            device._write_value(record, self._kept)  # noqa: SLF001
            _, record.NSEV, record.NSTA = device._value  # noqa: SLF001 - a put of NaN has raised an alarm by now
        else:
            record.TIME = stamp
            self._kept = device._value_to_epics(value)  # noqa: SLF001
        return True


def make_record(spec: RecordSpec, name: str, deliver: Deliver) -> PublishedRecord | WritableRecord:
    """Add a record to softioc's database, which is not yet running."""
    fields: dict[str, Any] = {"DESC": spec.description, "TSE": _DEVICE_TIME}
    if spec.kind == "float":
        makers = builder.aIn, builder.aOut
        fields |= {"EGU": spec.unit, "PREC": spec.precision, "MDEL": _ALWAYS}
    elif spec.kind == "integer":
        makers = builder.longIn, builder.longOut
        fields |= {"EGU": spec.unit, "MDEL": _ALWAYS}
    elif spec.kind == "flag":
        makers = builder.boolIn, builder.boolOut
        fields |= {"ZNAM": "no", "ONAM": "yes"}
    elif spec.kind == "waveform":
        makers = builder.WaveformIn, None
        fields |= {"EGU": spec.unit, "PREC": spec.precision, "length": spec.length, "datatype": "float64"}
    else:
        makers = builder.longStringIn, builder.longStringOut
        fields |= {"length": spec.length}
    if spec.on_put is None:
        return PublishedRecord(spec, makers[0](name, **fields))
    return WritableRecord(spec, name, lambda **callbacks: makers[1](name, **fields, **callbacks), deliver)


def _mark_unknown(record: Any) -> None:
    record.set_alarm(alarm.INVALID_ALARM, alarm.UDF_ALARM)


def _fitting(kind: str, value: Value) -> Value:
    """Return a value that fits the record: no integer and no flag can be NaN."""
    if kind == "waveform" or isinstance(value, np.ndarray):
        return np.array(value, np.float64).ravel()  # a copy: what it was made of may change while it is served
    if kind in ("integer", "flag"):
        return 0 if isinstance(value, float) and math.isnan(value) else int(value)
    return value


def _stamp(time_ns: int | None) -> Any:
    """Return the EPICS time stamp of a moment, exact to the ns."""
    moment = time.time_ns() if time_ns is None else time_ns
    return ca_timestamp(secs=moment // _NS, nsec=moment % _NS)
