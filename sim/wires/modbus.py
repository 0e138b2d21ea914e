"""Modbus RTU from the side of the slave (Modbus over serial line V1.02, Modbus application protocol V1.1b3)."""

import struct
from collections.abc import Sequence
from typing import Protocol

READ_HOLDING, READ_INPUT, WRITE_ONE, FAST_STATUS, LOOPBACK, WRITE_MANY = 3, 4, 6, 7, 8, 16
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, BUSY = 1, 2, 3, 6
LENGTHS = {READ_HOLDING: 8, READ_INPUT: 8, WRITE_ONE: 8, FAST_STATUS: 4, LOOPBACK: 8}
"""Bytes in a request, checksum included; that of function 16 stands in the request itself."""

PATIENCE = 0.1
"""s after which a torn request is forgotten; on a true line 3.5 characters, which no pseudo-terminal keeps."""


def checksum(frame: bytes) -> bytes:
    """CRC-16 with the polynomial 0xA001, low byte first (Modbus over serial line V1.02, section 6.2.2)."""
    remainder = 0xFFFF
    for byte in frame:
        remainder ^= byte
        for _ in range(8):
            carry = remainder & 1
            remainder >>= 1
            if carry:
                remainder ^= 0xA001
    return struct.pack("<H", remainder)


class ModbusError(Exception):
    """A request that is answered by an exception frame."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Registers(Protocol):
    """What a slave holds."""

    def read(self, address: int, count: int) -> Sequence[int]:
        """Return ``count`` unsigned words, or raise `ModbusError`."""

    def write(self, address: int, words: Sequence[int], function: int) -> None:
        """Take unsigned words, or raise `ModbusError`."""

    def fast_status(self) -> int:
        """Return the low byte of the status word."""


class Slave:
    """Frames in, frames out. A wrong checksum or another's address brings silence.

    Parameters
    ----------
    address : int
        1 to 254.
    registers : Registers
        What is read and written.
    """

    def __init__(self, address: int, registers: Registers) -> None:
        self._address = address
        self._registers = registers
        self._buffer = bytearray()
        self._last = 0.0

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Take bytes and return the replies to all whole requests among them."""
        if now - self._last > PATIENCE:
            self._buffer.clear()
        self._last = now
        self._buffer += data
        replies = []
        while (length := self._request_length()) and len(self._buffer) >= length:
            frame = bytes(self._buffer[:length])
            del self._buffer[:length]
            if checksum(frame[:-2]) != frame[-2:]:
                self._buffer.clear()
            elif frame[0] == self._address:
                body = self._answer(frame[1], frame[2:-2])
                replies.append(frame[:1] + body + checksum(frame[:1] + body))
        return replies

    def _request_length(self) -> int:
        if len(self._buffer) < 2:
            return 0
        function = self._buffer[1]
        if function == WRITE_MANY:
            return 9 + self._buffer[6] if len(self._buffer) > 6 else 0
        return LENGTHS.get(function, len(self._buffer))

    def _answer(self, function: int, body: bytes) -> bytes:
        try:
            return bytes([function]) + self._perform(function, body)
        except ModbusError as refused:
            return bytes([function | 0x80, refused.code])

    def _perform(self, function: int, body: bytes) -> bytes:
        if function == FAST_STATUS:
            return bytes([self._registers.fast_status()])
        if function not in (READ_HOLDING, READ_INPUT, WRITE_ONE, LOOPBACK, WRITE_MANY):
            raise ModbusError(ILLEGAL_FUNCTION)
        address, argument = struct.unpack(">HH", body[:4])
        if function == LOOPBACK:
            return body
        if function == WRITE_ONE:
            self._registers.write(address, (argument,), function)
            return body
        if function == WRITE_MANY:
            return self._write_many(address, argument, body)
        if not 1 <= argument <= 125:
            raise ModbusError(ILLEGAL_VALUE)
        words = self._registers.read(address, argument)
        return bytes([2 * len(words)]) + struct.pack(f">{len(words)}H", *words)

    def _write_many(self, address: int, count: int, body: bytes) -> bytes:
        if body[4] != 2 * count or len(body) != 5 + 2 * count or not 1 <= count <= 123:
            raise ModbusError(ILLEGAL_VALUE)
        self._registers.write(address, struct.unpack(f">{count}H", body[5:]), WRITE_MANY)
        return body[:4]
