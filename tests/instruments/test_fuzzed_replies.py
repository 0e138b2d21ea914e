"""Drivers under damaged replies: a value or a typed error, in time, and no wrong number that the protocol shows.

The normal run is short; ``OPERANDO_FULL=1`` gives each driver 100,000 damaged replies.
"""

import contextlib
import math
import os
import random
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from wire.fuzz import FuzzedLine, VirtualClock
from wire.golden_programme import PROGRAMME
from wire.transcript import crc, exchange, transcript

from operando.errors import InstrumentError, NoReply, RequestRefused
from operando.instruments import DSCUSB, NV200, EmStat4, Eurotherm3216
from operando.instruments.eurotherm3216 import ROUNDS, SILENCE
from operando.instruments.roles import Sample
from operando.vocabulary import Quality

REPLIES = 100_000 if os.environ.get("OPERANDO_FULL") else 2_000
OFFSET = 1 << 27
CALLS = 4
"""On each line: a damaged reply is also the past of the next command."""
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualClock:
    clock = VirtualClock()
    for module in ("operando.instruments.conversation", "operando.instruments.emstat4", "minimalmodbus"):
        monkeypatch.setattr(f"{module}.time", clock)
    return clock


@dataclass(frozen=True)
class Outcome:
    """What one call under damage gave."""

    value: object
    error: InstrumentError | None
    seconds: float


def damaged(name: str, clock: VirtualClock, baudrate: int) -> Iterator[FuzzedLine]:
    """Lines until enough replies were damaged; each begins a new life of the instrument."""
    known = {each.sent: each.reply for each in transcript(name) if each.sent}
    dictionary = [each.reply for each in transcript(name) if each.reply]
    replies = index = 0
    while replies < REPLIES:
        line = FuzzedLine(lambda sent: known.get(sent, b""), dictionary, random.Random(index), clock, baudrate)
        yield line
        replies += line.replies
        index += 1


def under_damage(call: Callable[[], object], clock: VirtualClock) -> Outcome:
    began = clock.now
    try:
        return Outcome(call(), None, clock.now - began)
    except InstrumentError as error:
        return Outcome(None, error, clock.now - began)


def assert_named(error: InstrumentError, instrument: str, *commands: str) -> None:
    text = str(error)
    assert text.startswith(instrument), text
    assert any(command in text for command in commands), text


def assert_some_of_each(outcomes: list[Outcome]) -> None:
    """A fuzz that only ever fails, or never does, tests nothing."""
    assert 0.02 < sum(outcome.error is not None for outcome in outcomes) / len(outcomes) < 0.98
    assert len({type(outcome.error) for outcome in outcomes}) > 2


def test_load_cell(clock: VirtualClock) -> None:
    outcomes = []
    for line in damaged("dscusb", clock, 115200):
        cell = DSCUSB(line, now_ns=clock.time_ns)
        for _ in range(CALLS):
            outcomes.append(outcome := under_damage(cell.read_force, clock))
            assert outcome.seconds <= 4 * 0.05 + 1e-6
            if outcome.error:
                assert_named(outcome.error, "DSCUSB", "STAT", "SYS")
                continue
            reading = outcome.value
            if reading.quality is Quality.GOOD:
                whole = [given for given in line.given if re.fullmatch(rb"[+-]\d{5}\.\d{3}\r", given)]
                assert reading.value in {float(number) for number in whole}
            else:
                assert math.isnan(reading.value) or reading.quality is Quality.SUSPECT
    assert_some_of_each(outcomes)


NV200_QUERIES: dict[str, Callable[[NV200], object]] = {
    "set": NV200.read_drive,
    "stat": NV200.read_status,
    "avmin": NV200.read_range,
    "cl": lambda amplifier: amplifier.prepare(100.0),
    "set,62.200": lambda amplifier: amplifier.write_drive(62.2),
}


def test_piezo_amplifier(clock: VirtualClock) -> None:
    outcomes = []
    for line in damaged("nv200", clock, 115200):
        amplifier = NV200(line)
        line.damages = 0.0
        amplifier.read_range()
        line.damages = 0.9
        dice = random.Random(len(outcomes))
        for _ in range(CALLS):
            name = dice.choice(list(NV200_QUERIES))
            before = line.sent.count(b"\n")
            outcomes.append(outcome := under_damage(lambda: NV200_QUERIES[name](amplifier), clock))  # noqa: B023
            asked = max(line.sent.count(b"\n") - before, 1)
            assert outcome.seconds <= (3 * asked + 1) * 0.2 + 1e-6
            if outcome.error:
                commands = re.findall(r"[a-z]+", line.sent.decode())
                assert_named(outcome.error, "NV200", *commands)
            elif name == "set":
                assert -20.0 <= outcome.value <= 130.0
                numbers = re.findall(rb"set,([+-]?\d+(?:\.\d+)?)", line.delivered)
                assert outcome.value in {float(number) for number in numbers}
            elif name == "stat":
                words = {int(word) for word in re.findall(rb"stat,(\d+)", line.delivered)}
                assert any(
                    (outcome.value.closed_loop, outcome.value.at_high_limit) == (bool(word & 8), bool(word & 1 << 15))
                    for word in words
                    if word < 1 << 16
                )
    assert_some_of_each(outcomes)


EUROTHERM_CALLS: dict[str, Callable[[Eurotherm3216], object]] = {
    "read": Eurotherm3216.read,
    "target": lambda heater: heater.write_target(45.0),
    "rate": lambda heater: heater.write_ramp_rate(5.0),
    "standby": Eurotherm3216.standby,
    "resume": Eurotherm3216.resume,
}


def modbus_values(delivered: bytes) -> set[float]:
    """First floats of every intact reply with ten registers that can be found in the bytes."""
    found = set()
    for at in range(len(delivered) - 24):
        frame = delivered[at : at + 25]
        if frame[:3] == b"\x01\x03\x14" and crc(frame[:-2]) == frame[-2:]:
            found.add(struct.unpack(">f", frame[3:7])[0])
    return found


def test_temperature_controller(clock: VirtualClock) -> None:
    outcomes = []
    for line in damaged("eurotherm3216", clock, 19200):
        heater = Eurotherm3216(line, address=1, now_ns=clock.time_ns)
        dice = random.Random(len(outcomes))
        for _ in range(CALLS):
            name = dice.choice(list(EUROTHERM_CALLS))
            outcomes.append(outcome := under_damage(lambda: EUROTHERM_CALLS[name](heater), clock))  # noqa: B023
            assert outcome.seconds <= 2 * 0.6 + ROUNDS * (SILENCE + 0.1)
            if outcome.error:
                assert_named(outcome.error, "Eurotherm 3216 at 1", "process value", "status", "parameter", "mode")
            elif name == "read" and outcome.value.process_value.quality is Quality.GOOD:
                assert outcome.value.process_value.value in modbus_values(line.delivered)
    assert_some_of_each(outcomes)


def acknowledging(sent: bytes) -> bytes:
    """A potentiostat that does what it is told, at once."""
    if sent == b"Z\n":
        return b"Z!0006\n"
    if sent == b"Y\n":
        return b"Y\n*\n"
    if b"meas_loop_ocp" in sent and b"timer_start" not in sent:
        return exchange("emstat4", "the cell is open").reply
    if sent.startswith(b"e\n"):
        return b"e\n\n" if sent == b"e\ncell_off\n\n" else exchange("emstat4", "start the programme").reply
    return b""


NUMBER = rb"([0-9A-F]{7})([afpnum kMGTPE])"
STATUS = rb"(?:,[03-9A-F][0-9A-F]{1,2})*,1([0-9A-F])(?:,[02-9A-F][0-9A-F]{1,2})*"
WHOLE = rb"([0-9A-F]{7})i"
PLACE = rb"Peb" + NUMBER + rb";je" + WHOLE + rb";ja" + WHOLE + rb";jb" + WHOLE + rb";jc" + WHOLE
PACKET = re.compile(  # what was set, or is zero for certain, has no status
    PLACE + rb";(?:ab|da)" + NUMBER + rb"(?:" + STATUS + rb")?;ba" + NUMBER + rb"(?:" + STATUS + rb")?"
    rb";jd" + NUMBER + rb";jf" + NUMBER
)
EXPONENT = {prefix: 3 * (index - 6) for index, prefix in enumerate("afpnum kMGTPE")}


def si(digits: bytes, prefix: bytes) -> float:
    return float(f"{int(digits, 16) - OFFSET}e{EXPONENT[prefix.decode()]}")


def good_packets(delivered: bytes) -> set[tuple[float, ...]]:
    """What stands in the bytes on lines that are whole packets, and not overloaded: s, V, A, cycle, step, run."""
    found = set()
    for line in re.sub(rb"[\x11\x13\r]", b"", delivered).split(b"\n"):
        if (match := PACKET.fullmatch(line)) and not (int(match[9] or b"0", 16) | int(match[12] or b"0", 16)) & 0b1011:
            hours, *place = (int(match[index], 16) - OFFSET for index in (3, 4, 5, 6))
            elapsed = 3600.0 * hours + si(match[1], match[2])
            found.add((elapsed, si(match[7], match[8]), si(match[10], match[11]), *place))
    return found


def assert_packet(sample: Sample, line: FuzzedLine) -> None:
    """A sample that passes as good is a whole packet, of a cycle and step that can be."""
    if sample.quality is not Quality.GOOD:
        return
    facts = (sample.elapsed, sample.voltage, sample.current, sample.cycle, sample.step, sample.run)
    assert any(facts == pytest.approx(packet, rel=1e-12) for packet in good_packets(line.delivered)), sample
    assert sample.cycle >= 1
    assert min(sample.step, sample.run) >= 0


def said_after(elapsed: float) -> list[bytes]:
    """What a running programme says between two polls: three packets, now and then a turn of the loop, or its end."""
    packets = [
        b"Peb%07Xu;je8000000i;ja8000001i;jb8000001i;jc8000001i;"
        b"ab82D0370u,10,205;ba802FDA0n,10,215;jd99F60CEf;jf8000000 \n" % (OFFSET + round((elapsed + part) * 1e6))
        for part in (0.0, 0.03, 0.06)
    ]
    return [b"*\n", b"M000A\n", *packets] if int(elapsed * 10) % 7 == 0 else packets


def end_step(potentiostat: EmStat4) -> None:
    with contextlib.suppress(RequestRefused):  # of a step that waits for no host: nothing was sent
        potentiostat.end_step()


POTENTIOSTAT_CALLS: dict[str, Callable[[EmStat4], object]] = {
    "start": lambda potentiostat: potentiostat.start(PROGRAMME),
    "cell_off": EmStat4.cell_off,
    "identify": EmStat4.identify,
    "end_step": end_step,
    "rest": lambda potentiostat: potentiostat.rest(1.0),
    "verify_open": EmStat4.verify_open,
}


def test_potentiostat(clock: VirtualClock) -> None:
    dictionary = [each.reply for each in transcript("emstat4") if each.reply]
    outcomes: list[Outcome] = []
    replies = index = good = 0
    while replies < REPLIES:
        dice = random.Random(index)
        line = FuzzedLine(acknowledging, dictionary, dice, clock, 921600)
        potentiostat, began, known = EmStat4(line, now_ns=clock.time_ns), clock.now, False
        for _ in range(3 * CALLS):
            clock.now += 0.1
            for each in said_after(clock.now - began):
                line.comes(each)
                line.replies += 1
            name = dice.choice((*POTENTIOSTAT_CALLS, *["poll"] * 9))
            call = POTENTIOSTAT_CALLS.get(name, EmStat4.poll)
            outcomes.append(outcome := under_damage(lambda: call(potentiostat), clock))  # noqa: B023
            assert outcome.seconds <= 8.0
            if outcome.error:
                assert str(outcome.error).startswith("EmStat4"), outcome.error
            samples = under_damage(potentiostat.poll, clock).value if name != "poll" else outcome.value
            for sample in samples or []:
                # the first packet of a programme that was found running may say any time
                assert sample.elapsed <= clock.now - began + 20.0 or not known
                known = True
                if not isinstance(sample, Sample):
                    continue
                good += sample.quality is Quality.GOOD
                assert_packet(sample, line)
        replies += line.replies
        index += 1
    assert good > replies / 50
    assert_some_of_each(outcomes)


def test_silence_is_told_in_time(clock: VirtualClock) -> None:
    line = FuzzedLine(lambda sent: b"", [b"?"], random.Random(0), clock, 115200)
    outcome = under_damage(DSCUSB(line).read_force, clock)
    assert isinstance(outcome.error, NoReply)
    assert outcome.seconds <= 0.1
