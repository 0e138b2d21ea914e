"""The potentiostat: programmes run in the instrument, a returning host adopts them, the cell ends switched off."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.golden_packets import PACKET, PLACE, POINT
from wire.golden_programme import PROGRAMME
from wire.scripted_line import ScriptedLine, golden, outcome, said
from wire.transcript import exchange

from operando.errors import BadReply, InstrumentError, InstrumentRefused, NoReply
from operando.instruments import EmStat4, ImpedancePoint, Sample, StepEnd
from operando.vocabulary import Quality

SECOND = 1_000_000_000


class Host:
    """The host's clock, moved by hand."""

    def __init__(self, seconds: float = 1_700_000_000.0) -> None:
        self.now = round(seconds) * SECOND

    def __call__(self) -> int:
        return self.now


def test_a_programme_is_started_sampled_and_ends_by_its_own_limits() -> None:
    with ScriptedLine(*golden("emstat4", "start the programme")) as line:
        potentiostat = EmStat4(line)
        potentiostat.start(PROGRAMME)
        assert potentiostat.running()
        assert potentiostat.ended() is None
        line.comes(exchange("emstat4", "the programme from start to end").reply)
        said = potentiostat.poll()
        assert not potentiostat.running()
        end = potentiostat.ended()
    assert end is not None
    assert end.finished
    samples = [each for each in said if isinstance(each, Sample)]
    assert [(each.elapsed, each.voltage, each.cycle, each.step, each.run) for each in samples] == [
        (0.5, 2.95, 1, 1, 1),
        (0.9, 3.6801, 1, 1, 1),
        (1.4, 2.1799, 1, 2, 2),
    ]
    assert [each.current for each in samples] == [196e-6, 196e-6, -196e-6]
    assert samples[0].step_charge == pytest.approx(196e-6 * 0.5 / 3600, rel=1e-6)
    assert {each.quality for each in samples} == {Quality.GOOD}


def test_a_packet_in_two_pieces_is_one_sample() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(b"L\nM000A\n" + PACKET[:20])
        assert potentiostat.poll() == []
        line.comes(PACKET[20:])
        assert len(potentiostat.poll()) == 1


def test_a_host_that_comes_back_adopts_the_running_programme() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(PACKET[30:] + PACKET)  # the port was opened in the middle of a packet
        (sample,) = potentiostat.poll()
        assert potentiostat.running()
        assert (sample.cycle, sample.step) == (1, 1)
        with pytest.raises(InstrumentRefused, match="running; nothing was started"):
            potentiostat.start(PROGRAMME)


def test_a_programme_that_shows_only_when_another_is_started_is_not_disturbed_further() -> None:
    with ScriptedLine(said(exchange("emstat4", "start the programme").sent, b"*\n" + PACKET)) as line:
        potentiostat = EmStat4(line)
        with pytest.raises(InstrumentRefused, match="runs already"):
            potentiostat.start(PROGRAMME)
        assert potentiostat.running()
        assert len(potentiostat.poll()) == 1


def test_measurement_time_is_the_instruments_mapped_by_the_packet_that_waited_least() -> None:
    host = Host()
    zero = host.now
    with ScriptedLine() as line:
        potentiostat = EmStat4(line, now_ns=host)
        arrivals = [(0.5, 0.502), (1.0, 1.300), (1.5, 1.501), (2.0, 2.900)]
        samples = []
        for elapsed, arrival in arrivals:
            host.now = zero + round(arrival * 1e9)
            line.comes(packet_at(elapsed))
            samples += potentiostat.poll()
    errors = [each.time_ns - zero - each.elapsed * 1e9 for each in samples]
    assert max(errors) < 3e6  # ns: the delay of the packets that came at once, whatever the others waited
    assert samples[1].arrival_ns - zero == 1_300_000_000


def packet_at(elapsed: float) -> bytes:
    return PACKET.replace(b"807A120u", b"%07Xu" % (round(elapsed * 1e6) + (1 << 27)))


def test_a_batch_that_waited_is_dated_by_its_last_packet() -> None:
    host = Host()
    with ScriptedLine() as line:
        potentiostat = EmStat4(line, now_ns=host)
        line.comes(b"".join(packet_at(0.5 * index) for index in range(1, 21)))
        samples = potentiostat.poll()
    assert samples[-1].time_ns == host.now
    assert samples[0].time_ns == host.now - round(9.5 * SECOND)


def test_an_abort_leaves_the_cell_off_and_loses_no_sample() -> None:
    with ScriptedLine(*golden("emstat4", "start the programme", "abort the programme")) as line:
        potentiostat = EmStat4(line)
        potentiostat.start(PROGRAMME)
        potentiostat.abort()
        assert not potentiostat.running()
        end = potentiostat.ended()
        assert end is not None
        assert not end.finished
        assert len(potentiostat.poll()) == 1


def test_an_abort_of_nothing_is_no_error() -> None:
    with ScriptedLine(*golden("emstat4", "nothing to abort")) as line:
        potentiostat = EmStat4(line)
        potentiostat.abort()
        assert not potentiostat.running()


def test_a_programme_that_ended_just_before_the_abort_has_finished() -> None:
    started = exchange("emstat4", "start the programme")
    with ScriptedLine(started, said(b"Z\n", b"*\n+\n\nZ!0006\n")) as line:
        potentiostat = EmStat4(line)
        potentiostat.start(PROGRAMME)
        potentiostat.abort()
        end = potentiostat.ended()
    assert end is not None
    assert end.finished


@pytest.mark.parametrize("running", [True, False])
def test_cell_off_works_whatever_runs(running: bool) -> None:
    abort = "abort the programme" if running else "nothing to abort"
    with ScriptedLine(*golden("emstat4", abort, "switch the cell off")) as line:
        potentiostat = EmStat4(line)
        potentiostat.cell_off()
        assert not potentiostat.running()
        potentiostat.poll()


def test_after_a_runtime_error_the_cell_is_switched_off_and_the_error_is_raised() -> None:
    with ScriptedLine(*golden("emstat4", "start the programme", "switch the cell off")) as line:
        potentiostat = EmStat4(line)
        potentiostat.start(PROGRAMME)
        line.comes(PACKET + exchange("emstat4", "an error while the programme runs").reply)
        with pytest.raises(InstrumentRefused, match=r"!0032: Line 20.*overload.*the cell was switched off"):
            potentiostat.poll()
        assert not potentiostat.running()
        end = potentiostat.ended()
        assert end is not None
        assert "0032" in end.error
        assert len(potentiostat.poll()) == 1  # the sample before the error


def test_a_runtime_error_that_comes_first_after_a_restart_is_not_missed() -> None:
    with ScriptedLine(*golden("emstat4", "switch the cell off")) as line:
        potentiostat = EmStat4(line)
        line.comes(b"!0032: Line 20\n")
        with pytest.raises(InstrumentRefused, match="switched off"):
            potentiostat.poll()


def test_a_cell_that_may_still_be_on_is_said_so() -> None:
    with ScriptedLine(said(b"e\ncell_off\n\n", b"")) as line:
        potentiostat = EmStat4(line)
        line.comes(PACKET + b"!0032: Line 20\n")
        with pytest.raises(InstrumentRefused, match="may be ON"):
            potentiostat.poll()
        assert len(potentiostat.poll()) == 1


def test_a_script_the_instrument_does_not_understand_is_named() -> None:
    sent = exchange("emstat4", "start the programme").sent
    with ScriptedLine(said(sent, b"e!4001: Line 3, Col 1\n")) as line:
        potentiostat = EmStat4(line)
        with pytest.raises(
            InstrumentRefused, match=r"!4001: Line 3, Col 1.*unknown script command.*nothing was started"
        ):
            potentiostat.start(PROGRAMME)
        assert not potentiostat.running()


def test_an_instrument_that_says_nothing_is_named() -> None:
    with ScriptedLine(said(b"Z\n", b"")) as line, pytest.raises(NoReply, match=r"EmStat4: 'Z'"):
        EmStat4(line).abort()


def test_the_firmware_says_who_it_is() -> None:
    with ScriptedLine(*golden("emstat4", "identify")) as line:
        assert EmStat4(line).identify().startswith("es4_hr1303")


def test_overload_makes_a_sample_suspect_and_nan_makes_it_invalid() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(PACKET.replace(b"ab82D0370u,10", b"ab82D0370u,12") + PACKET.replace(b"ab82D0370u", b"ab     nan"))
        overloaded, lost = potentiostat.poll()
    assert overloaded.quality is Quality.SUSPECT
    assert lost.quality is Quality.INVALID


def test_a_garbled_packet_is_reported_and_costs_no_other_sample() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(PACKET + PACKET.replace(b"ba80", b"b\xff80") + PACKET)
        with pytest.raises(BadReply, match="variable"):
            potentiostat.poll()
        assert len(potentiostat.poll()) == 2


def test_packets_of_somebody_elses_script_are_reported() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(b"Pda7F85F3Fu;ba48D503Dp,10,288\n")
        with pytest.raises(BadReply, match="no packet of this project"):
            potentiostat.poll()


def test_flow_control_in_the_stream_is_nothing() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(PACKET[:9] + b"\x13" + PACKET[9:70] + b"\x11" + PACKET[70:])
        assert len(potentiostat.poll()) == 1


pieces = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [PACKET, PACKET[:-1], b"\n", b"e\n", b"*\n", b"L\n", b"M000A\n", b"Z\n", b"!0032: Line 3\n", b"T!\n"]
    ),
    st.just(PACKET.replace(b"eb807A120u", b"eb     nan")),
    st.just(PACKET.replace(b"ja8000001i", b"ja     nan")),
    st.sampled_from(
        [POINT, POINT.replace(b"cc80003E8m", b"cc     nan"), PLACE + b";jd99F60CEf;jf8000000 ;ee800005Bi\n"]
    ),
)


@settings(deadline=None)
@given(st.lists(pieces, max_size=12))
def test_whatever_comes_it_is_samples_or_a_named_error(stream: list[bytes]) -> None:
    line = ScriptedLine(*[said(b"e\ncell_off\n\n", b"e\n\n")] * 20)
    potentiostat = EmStat4(line)
    for piece in stream:
        line.comes(piece)
        samples = outcome(potentiostat.poll)
        if isinstance(samples, InstrumentError):
            assert "EmStat4" in str(samples) or "MethodSCRIPT" in str(samples)
        else:
            assert all(isinstance(each, Sample | ImpedancePoint | StepEnd) for each in samples)
