"""A session as plans have it: the stack pressure as a device, a heartbeat; orders come on standard input."""

import sys
from pathlib import Path

from operando.endstation import prepare_client
from operando.errors import OperandoError
from operando.vocabulary import who


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(root: Path) -> None:
    prepare_client(root)
    from operando.devices import StackPressure
    from operando.engine.pulse import Pulse

    device = StackPressure("SIM:", name="stack_pressure")
    device.wait_for_connection(timeout=20)
    Pulse("SIM:")
    say(f"ready {who()}")
    for line in sys.stdin:
        order, _, value = line.strip().partition(" ")
        try:
            if order == "set":
                device.set(float(value)).wait()
            else:
                getattr(device, order).put(value if order == "mode" else float(value))
        except OperandoError as error:
            say(f"failed {error}")
        else:
            say("done")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
