"""The RunEngine process of a campaign: cycles one after the other, as an operator repeats them.

Standard output tells where the plan is, message by message. The file named by the argument gets name and uid of each
document after the journal has returned from it: from then on it counts as acknowledged.
"""

import os
import sys
import threading

from operando import startup as s
from operando.vocabulary import ProgrammeState

LOOK = threading.Event()


def say(word: str) -> None:
    os.write(1, f"{word}\n".encode())


def at_rest() -> bool:
    """Whether a cycle can begin: every server is there, and nothing of a killed process still runs."""
    devices = (s.detector, s.stack_pressure, s.heater, s.potentiostat)
    if not all(device.connected for device in devices) or not s.stack_pressure.heartbeat.young:
        return False
    if s.potentiostat.state.get() == ProgrammeState.RUNNING:
        s.potentiostat._mailbox.send("stop")
        return False
    return True


def cycle() -> None:
    while not at_rest():
        LOOK.wait(0.2)
    s.RE(
        s.operando_cycle(
            s.detector,
            s.stack_pressure,
            s.heater,
            s.potentiostat,
            pressure=85.0,
            temperature=25.0,
            exposure=0.1,
            interval=0.25,
        )
    )


def main(acknowledged: int) -> None:
    s.RE.subscribe(lambda name, doc: os.write(acknowledged, f"{name} {doc['uid']}\n".encode()))
    s.RE.msg_hook = lambda msg: say(msg.command)
    say("ready")
    while True:
        try:
            cycle()
        except Exception as error:  # noqa: BLE001 - whatever a killed server makes of a plan, the operator begins again
            say(f"failed {' '.join(repr(error).split())}")
            LOOK.wait(1.0)
        else:
            say("done")


if __name__ == "__main__":
    main(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
