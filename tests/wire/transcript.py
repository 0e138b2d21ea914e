r"""Golden wire transcripts: what an instrument's manual says goes over the line, as readable text.

The same file is held against both sides. A driver is given the literal reply bytes and must send exactly the
literal command bytes; a simulated instrument is sent the literal command bytes and its reply is checked on shape.

A transcript is a sequence of exchanges::

    [read the force]                     a title, unique in the file, opens an exchange
    # DSCUSB manual, "Communications"    a comment: the source
    needs: force 6597.344 N              optional: the state an instrument must be in (a driver ignores it)
    > "!001:SYS?\r"                      sent by the host
    < "+06597.344\r"                     the literal reply
    ~ "{sign}{5 digits}.{3 digits}\r"    optional: what a live instrument may answer in place of the line above

* Text in double quotes has Python's escapes. Several ``>`` or ``<`` lines in a row are joined.
* Bytes may be written in hexadecimal instead: ``> 01 03 00 02``. ``??`` in a ``~`` line is any byte, a final
  ``CRC`` is the Modbus checksum of what stands before it (in ``>`` and ``<`` lines too).
* ``~`` replaces the one ``<`` line above it; ``~+`` may occur once or more often, ``~*`` any number of times; a
  ``<`` line with no ``~`` is literal for both sides.
* Placeholders in quoted ``~`` lines: see `PLACEHOLDERS`, and ``{n digits}``, ``{n hex}``.
* An exchange with no ``>`` line is sent by the instrument of its own accord; one with no ``<`` line is answered by
  silence.

For a simulator's tests::

    for exchange in transcript("dscusb"):
        if exchange.needs:                      # or: bring the simulated instrument into that state
            continue
        line.write(exchange.sent)
        assert exchange.matches(read_reply())

`Exchange.reply_is_complete` tells when to stop reading. Where a pattern allows silence, read for a moment only.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent

PLACEHOLDERS = {
    "sign": rb"[+-]",
    "number": rb"[+-]?\d+(?:\.\d+)?",
    "integer": rb"[+-]?\d+",
    "text": rb"[\x20-\x7e]*",
    "xoff": rb"\x13?",  # XOFF while a command is worked on: seen or not, by firmware
    "acknowledgement": rb"(?:\x13?(?:\r\n)?\x11)?",  # of a write: nothing, or an empty reply
    "packet": rb"(?:[LM][0-9A-F]*\n)?P[^\n]*\n",  # a MethodSCRIPT data packet
    "prefix": rb"[afpnum kMGTPEi]",  # SI prefix of a MethodSCRIPT number
}


@dataclass(frozen=True)
class Chunk:
    """One ``<`` line: literal bytes, and the pattern a live instrument must fit."""

    literal: bytes
    pattern: bytes
    has_crc: bool = False


@dataclass(frozen=True)
class Exchange:
    """A command and its reply.

    ``sent`` is empty for what an instrument sends of its own accord, ``reply`` is empty for silence.
    """

    title: str
    sent: bytes
    chunks: tuple[Chunk, ...]
    needs: str = ""

    @property
    def reply(self) -> bytes:
        """The literal reply, as the driver is given it."""
        return b"".join(chunk.literal for chunk in self.chunks)

    @property
    def pattern(self) -> re.Pattern[bytes]:
        """What a live instrument's reply must match from end to end."""
        return re.compile(b"".join(chunk.pattern for chunk in self.chunks), re.DOTALL)

    def matches(self, reply: bytes) -> bool:
        """Whether a live instrument's reply has the right shape, checksum included."""
        if self.pattern.fullmatch(reply) is None:
            return False
        return not any(chunk.has_crc for chunk in self.chunks) or crc(reply[:-2]) == reply[-2:]

    def reply_is_complete(self, reply: bytes) -> bool:
        """Whether nothing more needs to be waited for."""
        return self.pattern.fullmatch(reply) is not None


def crc(frame: bytes) -> bytes:
    """Modbus checksum, low byte first (Modbus over serial line V1.02, appendix B)."""
    register = 0xFFFF
    for byte in frame:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register.to_bytes(2, "little")


def transcript(name: str) -> tuple[Exchange, ...]:
    """Read ``<name>.txt`` beside this file."""
    exchanges = tuple(_exchanges((FOLDER / f"{name}.txt").read_text(encoding="utf-8")))
    assert len({exchange.title for exchange in exchanges}) == len(exchanges), f"{name}: a title occurs twice"
    return exchanges


def exchange(name: str, title: str) -> Exchange:
    """Return one exchange of a transcript by its title."""
    found = {each.title: each for each in transcript(name)}
    return found[title]


def _exchanges(text: str) -> Iterator[Exchange]:
    title, needs, sent, chunks = "", "", b"", list[Chunk]()
    for line in [*map(str.strip, text.splitlines()), "[end]"]:
        if line.startswith("["):
            if title:
                yield Exchange(title, sent, tuple(chunks), needs)
            title, needs, sent, chunks = line.strip("[]"), "", b"", []
        elif line.startswith("needs:"):
            needs = line.removeprefix("needs:").strip()
        elif line.startswith(">"):
            sent += _literal(line[1:])
        elif line.startswith("<"):
            literal = _literal(line[1:])
            chunks.append(Chunk(literal, re.escape(literal)))
        elif line.startswith("~"):
            chunks[-1] = _loosened(chunks[-1].literal, line[1:])
        elif line and not line.startswith("#"):
            raise ValueError(f"not a line of a transcript: {line!r}")


def _literal(source: str) -> bytes:
    source = source.strip()
    if source.startswith('"'):
        text = ast.literal_eval(source)
        assert isinstance(text, str)
        return text.encode("latin-1")
    body = bytes.fromhex(source.removesuffix("CRC"))
    return body + crc(body) if source.endswith("CRC") else body


def _loosened(literal: bytes, source: str) -> Chunk:
    repeat = source[0] if source[0] in "+*" else ""
    source = source.removeprefix(repeat).strip()
    if source.startswith('"'):
        pattern, has_crc = _text_pattern(_literal(source)), False
    else:
        has_crc = source.endswith("CRC")
        tokens = source.removesuffix("CRC").split() + ["??"] * (2 * has_crc)
        pattern = b"".join(b"." if token == "??" else re.escape(bytes.fromhex(token)) for token in tokens)
    pattern = b"(?:" + pattern + b")" + repeat.encode()
    assert re.fullmatch(pattern, literal, re.DOTALL), f"the pattern {source} does not fit its own literal {literal!r}"
    return Chunk(literal, pattern, has_crc)


def _text_pattern(text: bytes) -> bytes:
    parts = re.split(rb"\{([^{}]*)\}", text)
    return b"".join(_placeholder(part.decode()) if index % 2 else re.escape(part) for index, part in enumerate(parts))


def _placeholder(name: str) -> bytes:
    count, _, kind = name.partition(" ")
    if kind in {"digits", "hex"}:
        return {"digits": rb"\d", "hex": b"[0-9A-F]"}[kind] + b"{" + count.encode() + b"}"
    return PLACEHOLDERS[name]
