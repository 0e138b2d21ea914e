"""Replies that read well and cannot be true: found by fuzz, kept as they were found."""

import pytest
from wire.scripted_line import ScriptedLine, golden, outcome, said

from operando.errors import BadReply, InstrumentRefused
from operando.instruments import NV200, EmStat4
from operando.instruments.clock import InstrumentClock
from operando.instruments.packets import variable
from operando.instruments.roles import Said

RANGE = golden("nv200", "read the lowest voltage", "read the highest voltage")
NS = 1_000_000_000
START_NS = 1_790_000_000 * NS


@pytest.mark.parametrize("drive", [b"962.154", b"-62.154", b"9" * 400])
def test_a_drive_that_the_amplifier_cannot_hold_is_no_drive(drive: bytes) -> None:
    with ScriptedLine(*RANGE, said(b"set\r\n", b"set," + drive + b"\r\n\x11")) as line:
        amplifier = NV200(line)
        assert amplifier.read_range() == (-20.0, 130.0)
        with pytest.raises(BadReply, match=r"'set,<number>' -20 to 130 V is wanted"):
            amplifier.read_drive()


@pytest.mark.parametrize("word", [b"1.5", b"-1", b"65536", b"9" * 400])
def test_a_status_is_a_word_of_16_bits(word: bytes) -> None:
    with (
        ScriptedLine(said(b"stat\r\n", b"stat," + word + b"\r\n\x11")) as line,
        pytest.raises(BadReply, match="16 bits"),
    ):
        NV200(line).read_status()


def test_an_error_that_nothing_called_for_is_the_error_of_what_is_asked() -> None:
    with (
        ScriptedLine(said(b"set\r\n", b"error,4\r\nset,62.154\r\n\x11")) as line,
        pytest.raises(InstrumentRefused, match=r"'set' was refused with 'error,4'"),
    ):
        NV200(line).read_drive()


@pytest.mark.parametrize("metadata", [",18,18", ",1", ",123", ",10,20", ",10,2055", ",1" + "0" * 50])
def test_metadata_that_stands_twice_or_has_a_wrong_length_is_damage(metadata: str) -> None:
    """Two overload warnings added up would be no warning at all."""
    with pytest.raises(BadReply):
        variable(f"ab82D0370u{metadata}")


def packet(microseconds: int, voltage: bytes = b"ab82D0370u,10,205", cycle: bytes = b"ja8000001i") -> bytes:
    time = b"Peb%07Xu;" % (microseconds + (1 << 27))
    return (
        time
        + b"je8000000i;"
        + cycle
        + b";jb8000001i;jc8000001i;"
        + voltage
        + b";ba802FDA0n,10,215;jd99F60CEf;jf8000000 \n"
    )


class Programme:
    """A potentiostat whose packets come in one by one, half a second apart."""

    def __init__(self) -> None:
        self.line = ScriptedLine()
        self.now_ns = START_NS
        self.potentiostat = EmStat4(self.line, now_ns=lambda: self.now_ns)

    def hears(self, data: bytes) -> list[Said]:
        self.now_ns += NS // 2
        self.line.comes(data)
        heard = outcome(self.potentiostat.poll)
        return [] if isinstance(heard, BadReply) else heard


@pytest.mark.parametrize(
    "damaged",
    [
        packet(1_000_000, voltage=b"ab82D0370u"),
        packet(1_000_000, voltage=b"ab82D0370u,205"),
        packet(1_000_000, cycle=b"ja8000001k"),
        packet(1_000_000, cycle=b"ja8000000i"),
        packet(-1_000_000),
    ],
    ids=["no metadata", "no status", "thousand cycles", "no cycle", "before the start"],
)
def test_a_packet_that_cannot_be_is_no_sample(damaged: bytes) -> None:
    programme = Programme()
    assert len(programme.hears(packet(500_000))) == 1
    assert programme.hears(damaged) == []
    assert len(programme.hears(packet(1_500_000))) == 1


def test_one_wrong_digit_of_the_time_is_no_hour_of_charge() -> None:
    programme = Programme()
    programme.hears(packet(500_000))
    assert programme.hears(packet(1_000_000).replace(b"u;je", b"m;je")) == []
    assert [sample.elapsed for sample in programme.hears(packet(1_500_000))] == [1.5]


def test_a_leap_of_the_time_that_a_second_packet_confirms_is_believed() -> None:
    """What waited on a line that nobody read for an hour tells a zero that is an hour late."""
    stale = InstrumentClock().heard(100.0, START_NS)
    leap, arrival = 3700.0, START_NS + NS
    assert not stale.believes(leap, arrival)
    again = stale.doubting(leap, arrival)
    assert again.believes(leap + 0.5, arrival + NS // 2)
    assert again.heard(leap + 0.5, arrival + NS // 2).utc_ns(leap + 0.5) == arrival + NS // 2


def test_the_first_packet_cannot_be_older_than_the_programme() -> None:
    clock = InstrumentClock(not_before_ns=START_NS)
    assert clock.believes(0.5, START_NS + NS)
    assert not clock.believes(500.0, START_NS + NS)


def test_a_burst_of_garbage_is_one_error_and_keeps_no_sample_back() -> None:
    programme = Programme()
    programme.line.comes(b"*\n" + b"garbage\n" * 50)
    assert programme.hears(packet(500_000)) == []
    assert len(programme.hears(packet(1_000_000))) == 2
