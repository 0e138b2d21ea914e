"""A pyserial look-alike over a `ScriptedLine`, for drivers that hand an open port to a library."""

from wire.scripted_line import ScriptedLine


class ScriptedSerial:
    """What minimalmodbus asks of an open port; what does not come in time is simply not there."""

    port = "scripted"
    baudrate = 19200
    timeout = 0.5

    def __init__(self, line: ScriptedLine) -> None:
        self._line = line
        self._incoming = b""
        self.is_open = True

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def write(self, data: bytes) -> int:
        self._line.write(data)
        return len(data)

    def read(self, size: int = 1) -> bytes:
        self._incoming += self._line.read_available()
        reply, self._incoming = self._incoming[:size], self._incoming[size:]
        return reply

    def reset_input_buffer(self) -> None:
        self._incoming = b""
        self._line.read_available()

    def reset_output_buffer(self) -> None:
        pass

    def flush(self) -> None:
        pass
