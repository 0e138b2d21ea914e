"""Damaged replies in virtual time: what a line in a noisy hutch, or a dying instrument, may deliver."""

import random
from collections.abc import Callable, Sequence

from operando.errors import NoReply

Answer = Callable[[bytes], bytes]
"""What a healthy instrument replies to the bytes that were sent."""
LONGEST_SILENCE = 3.0  # s; beyond every timeout of the drivers


class VirtualClock:
    """Seconds that pass only while somebody waits; stands in for the module ``time``."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return 1_790_000_000_000_000_000 + round(self.now * 1e9)

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.0)


class FuzzedLine:
    """A `Line` whose replies arrive damaged.

    Parameters
    ----------
    answer : callable
        The healthy reply to what was sent.
    dictionary : sequence of bytes
        Other replies that the instrument may give: they come in place of the right one, or amid it.
    dice : random.Random
        Decides the damage.
    clock : VirtualClock
        Passes while the driver waits.
    baudrate : int
        Even garbage takes its time.
    """

    port, timeout, baudrate, is_open = "fuzzed", 0.5, 9600, True

    def __init__(
        self, answer: Answer, dictionary: Sequence[bytes], dice: random.Random, clock: VirtualClock, baudrate: int
    ) -> None:
        self.baudrate = baudrate
        self.sent = b""
        self.given: list[bytes] = []
        """What the driver was given, read by read."""
        self.replies = 0
        self.damages = 0.9
        """Share of the replies."""
        self._answer = answer
        self._dictionary = dictionary
        self._dice = dice
        self._clock = clock
        self._due: list[tuple[float, bytes]] = []
        self._incoming = b""

    @property
    def delivered(self) -> bytes:
        """Every byte that the driver was given."""
        return b"".join(self.given)

    def write(self, data: bytes) -> int:
        self.sent += data
        if healthy := self._answer(data):
            self.replies += 1
            self.comes(healthy)
        return len(data)

    def comes(self, healthy: bytes) -> None:
        """Let the instrument say something, damaged or not."""
        when = self._clock.now
        for delay, piece in self._damaged(healthy):
            when += delay + len(piece) * 10 / self.baudrate
            self._due.append((when, piece))
        self._due.sort(key=lambda each: each[0])

    def read_until(self, terminator: bytes, timeout: float) -> bytes:
        deadline = self._clock.now + max(timeout, 0.0)
        self._arrive()
        while (found := self._incoming.find(terminator)) < 0:
            if not self._due or self._due[0][0] > deadline:
                self._clock.now = max(self._clock.now, deadline)
                raise NoReply(f"no {terminator!r} within {timeout:.3f} s; {self._incoming[-60:]!r} came")
            self._clock.now = max(self._clock.now, self._due[0][0])
            self._arrive()
        return self._given(found + len(terminator))

    def read_available(self) -> bytes:
        self._arrive()
        return self._given(len(self._incoming))

    def read(self, size: int = 1) -> bytes:
        """As pyserial does it, for drivers that hand the port to a library."""
        deadline = self._clock.now + self.timeout
        self._arrive()
        while len(self._incoming) < size:
            if not self._due or self._due[0][0] > deadline:
                self._clock.now = max(self._clock.now, deadline)
                break
            self._clock.now = max(self._clock.now, self._due[0][0])
            self._arrive()
        return self._given(size)

    def reset_input_buffer(self) -> None:
        self._arrive()
        self._incoming = b""

    def reset_output_buffer(self) -> None: ...

    def flush(self) -> None: ...

    def open(self) -> None: ...

    def close(self) -> None: ...

    def _arrive(self) -> None:
        while self._due and self._due[0][0] <= self._clock.now:
            self._incoming += self._due.pop(0)[1]

    def _given(self, size: int) -> bytes:
        data, self._incoming = self._incoming[:size], self._incoming[size:]
        self.given.append(data)
        return data

    def _damaged(self, healthy: bytes) -> list[tuple[float, bytes]]:
        """Return pieces with the silence (s) before each."""
        dice, data = self._dice, healthy
        if dice.random() >= self.damages:
            return [(0.002, data)]
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            data = dice.choice(DAMAGE)(dice, data, self._dictionary)
        delay = dice.choice((0.002, 0.002, 0.002, 0.04, 0.3, LONGEST_SILENCE))
        if len(data) > 1 and dice.random() < 0.3:
            cut = dice.randrange(1, len(data))
            return [(delay, data[:cut]), (dice.choice((0.0, 0.03, 0.2, LONGEST_SILENCE)), data[cut:])]
        return [(delay, data)]


def _flip(dice: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randrange(1, 4)):
        if changed:
            changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _truncate(dice: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    cut = dice.randrange(len(data) + 1)
    return dice.choice((data[:cut], data[cut:]))


def _drop(dice: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    begin = dice.randrange(len(data) + 1)
    return data[:begin] + data[begin + dice.randrange(1, 5) :]


def _repeat(dice: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    begin, end = sorted((dice.randrange(len(data) + 1), dice.randrange(len(data) + 1)))
    return data[:end] + data[begin:end] * dice.randrange(1, 4) + data[end:]


def _interleave(dice: random.Random, data: bytes, dictionary: Sequence[bytes]) -> bytes:
    other, at = dice.choice(dictionary), dice.randrange(len(data) + 1)
    return data[:at] + other[: dice.randrange(len(other) + 1)] + data[at:]


def _replace(dice: random.Random, _: bytes, dictionary: Sequence[bytes]) -> bytes:
    return dice.choice(dictionary)


def _insert(dice: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.randbytes(dice.choice((1, 2, 40))) + data[at:]


def _garbage(dice: random.Random, _data: bytes, _: Sequence[bytes]) -> bytes:
    return dice.randbytes(dice.choice((0, 1, 8, 300)))


def _digits(dice: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Well-formed and untrue: other digits, or a whole row of them."""
    places = [index for index, byte in enumerate(data) if chr(byte).isdigit()]
    if not places:
        return data
    at = dice.choice(places)
    return data[:at] + dice.choice((b"-", b".", b"9" * 400, b"%d" % dice.randrange(10))) + data[at + 1 :]


DAMAGE = (_flip, _flip, _truncate, _drop, _repeat, _interleave, _replace, _insert, _garbage, _digits)
