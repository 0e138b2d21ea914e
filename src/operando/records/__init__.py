"""A table of quantities served as EPICS records."""

from operando.records.server import RecordServer
from operando.records.spec import Kind, Put, RecordSpec, Value

__all__ = ["Kind", "Put", "RecordServer", "RecordSpec", "Value"]
