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
        b"e\nvar p\nvar c\narray q 3\nset_pgstat_mode 3\nset_range ba 1m\nset_e 3\ncell_on\n"
        b"meas_loop_ca p c 3 20m 1\nadd_var q[2] c\nif c > q[1]\nbreakloop\nendif\nendloop\ncell_off\n\n",
        b"e\nvar f\nvar r\nvar i\nset_pgstat_mode 6\ncell_on\nmeas_loop_geis f r i 1u 1k 10 5i 0\nendloop\n\n",
        b"Z\n",
        b"Y\n",
        b"h\n",
        b"H\n",
        b"t\n",
    ),
    "source meter": (
        b":SOUR:FUNC VOLT;:SENS:CURR:PROT 1e-4;:SOUR:VOLT 3.5;:OUTP ON\n",
        b":READ?\n",
        b":FORM:ELEM VOLT,CURR,TIME,STAT;:SENS:FUNC 'VOLT','CURR'\n",
        b"*RST;:OUTP:SMOD HIMP\n",
        b":SYST:ERR?\n",
    ),
}
LAST_WORD = {
    "load_cell": (b"\r!001:STN?\r", b"1"),
    "piezo": (b"\ravmax\r", b"avmax,130.000"),
    "heater": (bytes.fromhex("0103 0083 0001 75E2"), bytes.fromhex("0103 0200 01")),
    "potentiostat": (b"t\n", b"tes4_hr"),
    "source meter": (b"\n*IDN?\n", b"KEITHLEY"),
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


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("seed", range(3))
def test_an_instrument_survives_mangled_commands(setup: Setup, name: str, seed: int) -> None:
    rig = Rig(dataclasses.replace(setup, seed=seed))
    every = instruments(rig, seed, "keithley2400" if name == "source meter" else "emstat4")
    instrument = every[min(list(SOUND).index(name), 3)]
    choice, now = random.Random(seed), 1.0
    for _ in range(300):
        now += choice.uniform(0.0, 0.2)
        instrument.receive(mangled(choice, choice.choice(SOUND[name])), now)
        instrument.advance(now + 0.01)
        rig.step(0.001)
    if name == "potentiostat":
        silenced(instrument, now + 1.0)
    question, answer = LAST_WORD[name]
    replies = b"".join(reply.data for reply in instrument.receive(question, now + 2.0))
    assert answer in replies
