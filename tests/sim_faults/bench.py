"""A rig, its four instruments and their faults in virtual time, without terminals."""

import numpy as np

from operando.sim.cell.rig import Rig
from operando.sim.faults.board import FaultBoard
from operando.sim.faults.equipment import Equipment
from operando.sim.faults.line import FaultyLine
from operando.sim.setup import Setup
from operando.sim.wires.instrument import Reply
from operando.sim.wires.loop import instruments

AREA = 78.54  # mm2
TICK = 0.005


class Bench:
    """Time passes only in `live`; `plugs` tells what was pulled out and put in."""

    def __init__(self, setup: Setup) -> None:
        self.rig = Rig(setup)
        self.load_cell, self.piezo, self.heater, self.potentiostat = instruments(self.rig, setup.seed)
        four = (self.load_cell, self.piezo, self.heater, self.potentiostat)
        self.lines = {each.name: FaultyLine(each) for each in four}
        self.plugs: list[str] = []
        self.now = 100.0
        self.faults = FaultBoard(
            Equipment(
                load_cell=self.load_cell,
                piezo=self.piezo,
                heater=self.heater,
                potentiostat=self.potentiostat,
                cell=self.rig.electrochemistry,
                amplifier=self.rig.amplifier,
                lines=self.lines,
                unplug=lambda target: self.plugs.append(f"{target} out"),
                plug_in=lambda target: self.plugs.append(f"{target} in"),
                area=AREA,
                random=np.random.default_rng(7),
            )
        )

    def set(self, target: str, kind: str, *, seconds: float | None = None, value: float | None = None) -> str:
        return self.faults.set(target, kind, self.now, seconds=seconds, value=value)

    def clear(self, target: str | None = None, kind: str | None = None) -> list[str]:
        return self.faults.clear(self.now, target, kind)

    def live(self, seconds: float) -> bytes:
        """Let time pass and return what the instruments said unasked."""
        heard = b""
        for _ in range(round(seconds / TICK)):
            self.now += TICK
            self.faults.advance(self.now)
            self.rig.step(TICK)
            heard += b"".join(reply.data for line in self.lines.values() for reply in line.advance(self.now))
        return heard

    def replies(self, target: str, command: bytes) -> list[Reply]:
        return self.lines[target].receive(command, self.now)

    def ask(self, target: str, command: bytes) -> bytes:
        return b"".join(reply.data for reply in self.replies(target, command))

    def force(self) -> float:
        return float(self.ask("load_cell", b"!001:SYS?\r"))

    def status(self) -> int:
        return int(float(self.ask("load_cell", b"!001:STAT?\r")))

    def amplifier(self, name: str) -> float:
        return float(self.ask("piezo", name.encode() + b"\r\n").strip(b"\x11\x13\r\n").split(b",")[1])
