"""A process that serves the record of the simulator's heartbeat and says each beat; run by test_heartbeat."""

import sys

from operando.records import RecordServer, RecordSpec


def tell(text: object) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    server = RecordServer("SIM:", int(sys.argv[1]), [RecordSpec("HEARTBEAT:SIMULATOR", "text", on_put=tell)])
    tell("ready")
    sys.stdin.read()
    server.close()
