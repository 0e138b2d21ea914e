"""Whatever comes over a line, an instrument lives on and answers the next whole command."""

import dataclasses
import random

import pytest

from operando.sim.cell.rig import Rig
from operando.sim.setup import Setup
from operando.sim.wires.instrument import Instrument
from operando.sim.wires.loop import instruments

SOUND = {
    "load_cell": (b"!001:SYS?\r", b"!001:DP=-9\r", b"!001:DPB=99\r", b"!001:RST\r", b"!001:SZ=+-.\r"),
    "piezo": (b"set,50\r\n", b"set\r\n", b"sr,nan\r", b"stat\r"),
    "heater": (bytes.fromhex("0103 8002 000A 4DCD"), bytes.fromhex("0110 8004 0002 04 7FC0 0000 0000")),
    "potentiostat": (
        b"e\nvar a\nstore_var a 9E aa\nloop a > 0i\nmul_var a a\npck_start\npck_add a\npck_end\nendloop\n\n",
        b"Z\n",
        b"t\n",
    ),
}
LAST_WORD = {
    "load_cell": (b"\r!001:STN?\r", b"1"),
    "piezo": (b"\ravmax\r", b"avmax,130.000"),
    "heater": (bytes.fromhex("0103 0083 0001 75E2"), bytes.fromhex("0103 0200 01")),
    "potentiostat": (b"t\n", b"tes4_hr"),
}


def mangled(choice: random.Random, command: bytes) -> bytes:
    data = bytearray(command)
    for _ in range(choice.randrange(4)):
        position = choice.randrange(len(data))
        data[position : position + choice.randrange(2)] = choice.randbytes(choice.randrange(3)) or b"\n"
    return bytes(data)


def silenced(instrument: Instrument, now: float) -> None:
    """End a half-loaded or running script."""
    for piece in (b"\n\n", b"Z\n"):
        instrument.receive(piece, now)


@pytest.mark.parametrize("index", range(4), ids=list(SOUND))
@pytest.mark.parametrize("seed", range(3))
def test_an_instrument_survives_mangled_commands(setup: Setup, index: int, seed: int) -> None:
    rig = Rig(dataclasses.replace(setup, seed=seed))
    instrument = instruments(rig, seed)[index]
    choice, now = random.Random(seed), 1.0
    for _ in range(300):
        now += choice.uniform(0.0, 0.2)
        instrument.receive(mangled(choice, choice.choice(SOUND[instrument.name])), now)
        instrument.advance(now + 0.01)
        rig.step(0.001)
    if instrument.name == "potentiostat":
        silenced(instrument, now + 1.0)
    question, answer = LAST_WORD[instrument.name]
    replies = b"".join(reply.data for reply in instrument.receive(question, now + 2.0))
    assert answer in replies
