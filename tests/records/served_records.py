"""A process that serves a few records and obeys lines of JSON on its standard input; run by test_record_server."""

import json
import sys
from typing import Any

from operando.records import RecordServer, RecordSpec
from operando.vocabulary import Quality


def tell(name: str, value: Any) -> None:
    sys.stdout.write(json.dumps([name, value]) + "\n")
    sys.stdout.flush()


def told(name: str) -> Any:
    def on_put(value: Any) -> None:
        tell(name, value)
        if value == 13.0:
            raise RuntimeError("a put that fails")

    return on_put


SPECS = [
    RecordSpec("PRESSURE:READBACK", "float", "MPa", 4, "stack pressure at the load cell"),
    RecordSpec("PRESSURE:TARGET", "float", "MPa", 4, "stack pressure asked for", told("TARGET")),
    RecordSpec("PRESSURE:STATE", "text", description="where it is on its way"),
    RecordSpec("PRESSURE:SETTLED", "flag"),
    RecordSpec("PRESSURE:STOP", "flag", on_put=told("STOP")),
    RecordSpec("PRESSURE:REQUEST", "text", on_put=told("REQUEST")),
    RecordSpec("CELL:CYCLE", "integer"),
    RecordSpec("LIVE:PATTERN", "waveform", "counts", 3, "intensity of the last frame", length=4000),
]

if __name__ == "__main__":
    server = RecordServer("TEST:", int(sys.argv[1]), SPECS)
    tell("ready", None)
    for line in sys.stdin:
        name, value, time_ns, quality = json.loads(line)
        server.publish(name, value, time_ns, Quality(quality))
        tell("published", name)
    server.close()
