"""The golden transcripts hold together: they parse, their own literals fit, and their checksums are the manuals'."""

import pytest
from wire.transcript import Exchange, crc, exchange, transcript

INSTRUMENTS = ["dscusb", "nv200", "eurotherm3216", "emstat4", "keithley2400"]


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_every_literal_reply_fits_its_own_pattern(name: str) -> None:
    exchanges = transcript(name)
    assert exchanges
    for each in exchanges:
        assert each.matches(each.reply), each.title
        assert each.sent or each.reply, each.title


@pytest.mark.parametrize(
    ("frame", "checksum"),
    [
        # Eurotherm HA028651 issue 7, chapter "Digital communications"
        ("020300010002", "95F8"),
        ("02030400120016", "E8F8"),
        ("02030400B200D8", "694E"),
    ],
)
def test_checksums_are_those_of_the_manual(frame: str, checksum: str) -> None:
    assert crc(bytes.fromhex(frame)) == bytes.fromhex(checksum)


def test_a_live_reply_may_differ_in_value_but_not_in_shape() -> None:
    force = exchange("dscusb", "read the force")
    assert force.matches(b"-00012.500\r")
    assert not force.matches(b"-12.500\r")
    assert not force.matches(b"-00012.500")


def test_a_live_modbus_reply_needs_its_checksum() -> None:
    status = exchange("eurotherm3216", "read the status word")
    reply = bytes.fromhex("0103020020")
    assert status.matches(reply + crc(reply))
    assert not status.matches(reply + b"\x00\x00")


def test_a_live_programme_may_have_any_number_of_packets() -> None:
    stream = exchange("emstat4", "the programme from start to end")
    packet = next(chunk.literal for chunk in stream.chunks if chunk.literal.startswith(b"P"))
    assert stream.matches(stream.reply.replace(packet, packet * 5))
    assert not stream.matches(stream.reply.replace(packet, packet[:-1]))


def test_silence_is_an_answer() -> None:
    write: Exchange = exchange("nv200", "write the drive")
    assert write.matches(b"")
    assert write.matches(b"\x13\r\n\x11")
    assert not write.matches(b"error,4\r\n\x11")
