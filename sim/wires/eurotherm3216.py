"""Eurotherm 3216 temperature controller, Modbus RTU.

Addresses and scaling: 3200 series Engineering handbook HA028651 issue 7, pages 81 and 82. Each parameter is a word,
scaled by the display's one decimal, at its own address, and a 32-bit float in the two words at 0x8000 + 2 × address,
high word first, written by function 16 alone (2000 series communications handbook HA026230 issue 3).
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from operando.sim.wires.instrument import Reply
from operando.sim.wires.modbus import (
    BUSY,
    ILLEGAL_ADDRESS,
    ILLEGAL_VALUE,
    WRITE_MANY,
    ModbusError,
    Slave,
)
from operando.sim.wires.temperature_loop import CONFIGURATION, NORMAL, Plant, TemperatureLoop

FLOAT_REGION = 0x8000

LATENCY = (0.002, 0.008)
"""s, for a few words; the manual allows up to 10 ms for one."""

LOW_RANGE, HIGH_RANGE = 0.0, 200.0
"""°C, of the process value."""

WORN = (2, 24, 25)
"""Addresses whose every change is one of the 100 000 writes that the EEPROM endures."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of the address table.

    Parameters
    ----------
    address : int
        Decimal, as in the manual.
    read : callable
        The value.
    write : callable or None
        Takes a new one; None where the parameter is read-only.
    low, high : float
        What a write may hold.
    decimals : int
        Scaling of the word.
    """

    address: int
    read: Callable[[], float]
    write: Callable[[float], None] | None = None
    low: float = LOW_RANGE
    high: float = HIGH_RANGE
    decimals: int = 1


def parameters(loop: TemperatureLoop) -> tuple[Parameter, ...]:
    """Return the address table of a controller."""

    def setting(name: str) -> tuple[Callable[[], float], Callable[[float], None]]:
        return lambda: float(getattr(loop, name)), lambda value: setattr(loop, name, value)

    return (
        Parameter(1, lambda: loop.process_value),
        Parameter(2, *setting("target")),
        Parameter(3, *setting("manual_output"), 0.0, 100.0),
        Parameter(4, lambda: loop.output),
        Parameter(5, lambda: loop.working_setpoint),
        Parameter(6, *setting("proportional_band"), 0.1, 999.9),
        Parameter(8, *setting("integral_time"), 0.0, 9999.0, 0),
        Parameter(9, *setting("derivative_time"), 0.0, 9999.0, 0),
        Parameter(11, lambda: LOW_RANGE),
        Parameter(12, lambda: HIGH_RANGE),
        Parameter(15, lambda: 0.0, decimals=0),
        Parameter(24, *setting("target")),
        Parameter(25, *setting("second_setpoint")),
        Parameter(26, lambda: loop.remote_setpoint, loop.refresh_remote),
        Parameter(30, *setting("output_high"), 0.0, 100.0),
        Parameter(31, lambda: 0.0),
        Parameter(35, *setting("ramp_rate"), 0.0, 300.0),
        Parameter(75, lambda: loop.status, decimals=0),
        Parameter(107, lambda: 0x0109, decimals=0),
        Parameter(131, lambda: loop.address, decimals=0),
        Parameter(199, lambda: loop.mode, loop.change_mode, NORMAL, CONFIGURATION, 0),
        Parameter(273, *setting("manual"), 0, 1, 0),
        Parameter(276, lambda: loop.remote, loop.select_remote, 0, 1, 0),
    )


class Eurotherm3216:
    """A controller on one furnace.

    Parameters
    ----------
    plant : Plant
        The furnace: ``temperature`` °C is measured, ``power`` % is set.
    random : numpy.random.Generator
        Of sensor noise and latency.
    address : int
        1 to 254.
    baudrate : int
        9600 or 19200.
    """

    name = "heater"

    def __init__(self, plant: Plant, random: np.random.Generator, address: int = 1, baudrate: int = 19200) -> None:
        self.baudrate = baudrate
        self.loop = TemperatureLoop(plant, random, address)
        self.eeprom_writes = 0
        self.refuses = False
        """A fault: every request is answered by the exception "busy"."""
        self._random = random
        self._table = {parameter.address: parameter for parameter in parameters(self.loop)}
        self._slave = Slave(address, self)

    def receive(self, data: bytes, now: float) -> list[Reply]:
        """Answer the whole frames among the bytes."""
        self.loop.advance(now)
        return [Reply(frame, float(self._random.uniform(*LATENCY))) for frame in self._slave.receive(data, now)]

    def advance(self, now: float) -> list[Reply]:
        """Regulate; a slave never speaks unasked."""
        self.loop.advance(now)
        return []

    def read(self, address: int, count: int) -> Sequence[int]:
        """Return ``count`` words from ``address`` on; holes between parameters read as zero."""
        self._refuse_when_faulty()
        if address >= FLOAT_REGION:
            numbers, odd = divmod(count, 2)
            first, skew = divmod(address - FLOAT_REGION, 2)
            if odd or skew:
                raise ModbusError(ILLEGAL_ADDRESS)
            block = self._block(first, numbers)
            return struct.unpack(
                f">{count}H", struct.pack(f">{numbers}f", *(each.read() if each else 0 for each in block))
            )
        return [_word(each) if each else 0 for each in self._block(address, count)]

    def write(self, address: int, words: Sequence[int], function: int) -> None:
        """Take words into consecutive parameters, all of them or none."""
        self._refuse_when_faulty()
        if address >= FLOAT_REGION:
            if function != WRITE_MANY or len(words) % 2 or address % 2:
                raise ModbusError(ILLEGAL_ADDRESS)
            values = struct.unpack(f">{len(words) // 2}f", struct.pack(f">{len(words)}H", *words))
            address = (address - FLOAT_REGION) // 2
            changes = [(self._writable(address + index), value) for index, value in enumerate(values)]
        else:
            found = [self._writable(address + index) for index in range(len(words))]
            changes = [(each, _signed(word) / 10**each.decimals) for each, word in zip(found, words, strict=True)]
        if any(not each.low <= value <= each.high for each, value in changes):
            raise ModbusError(ILLEGAL_VALUE)
        for each, value in changes:
            self._store(each, value)

    def fast_status(self) -> int:
        """Return the low byte of the status word (function 7)."""
        self._refuse_when_faulty()
        return self.loop.status & 0xFF

    def _refuse_when_faulty(self) -> None:
        if self.refuses:
            raise ModbusError(BUSY)

    def _block(self, first: int, count: int) -> list[Parameter | None]:
        block = [self._table.get(address) for address in range(first, first + count)]
        if block[0] is None:
            raise ModbusError(ILLEGAL_ADDRESS)
        return block

    def _writable(self, address: int) -> Parameter:
        parameter = self._table.get(address)
        if parameter is None or parameter.write is None:
            raise ModbusError(ILLEGAL_ADDRESS)
        return parameter

    def _store(self, parameter: Parameter, value: float) -> None:
        if parameter.write is None or parameter.address not in WORN:
            if parameter.write is not None:
                parameter.write(value)
            return
        if value != parameter.read():
            self.eeprom_writes += 1
            parameter.write(value)


def _word(parameter: Parameter) -> int:
    scaled = round(parameter.read() * 10.0**parameter.decimals)
    return max(-0x8000, min(0xFFFF, scaled)) & 0xFFFF


def _signed(word: int) -> int:
    return word - 0x10000 if word & 0x8000 else word
