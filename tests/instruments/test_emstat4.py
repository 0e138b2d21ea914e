"""The potentiostat: programmes run in the instrument, a returning host adopts them, the cell ends switched off."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.golden_programme import EVERY_KIND, LOWER, PROGRAMME, UPPER
from wire.scripted_line import ScriptedLine, golden, outcome, said
from wire.transcript import exchange

from operando.errors import BadReply, InstrumentError, InstrumentRefused, NoReply, RequestRefused
from operando.instruments import EmStat4, ImpedancePoint, Sample, StepEnd
from operando.vocabulary import End, Limit, Quality

PLACE = b"Peb807A120u;je8000000i;ja8000001i;jb8000001i;jc8000001i"
PACKET = PLACE + b";ab82D0370u,10,205;ba802FDA0n,10,215;jd99F60CEf;jf8000000 \n"
POINT = PLACE + b";dc80003E8 ;cc80003E8m,10;cd7FFFF9Cm,10\n"
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


def test_the_ends_of_steps_stand_in_their_places_and_are_named() -> None:
    with ScriptedLine(*golden("emstat4", "start the programme")) as line:
        potentiostat = EmStat4(line)
        potentiostat.start(PROGRAMME)
        line.comes(exchange("emstat4", "the programme from start to end").reply)
        said = potentiostat.poll()
    assert [type(each) for each in said] == [Sample, Sample, StepEnd, Sample, StepEnd]
    charged, discharged = (each for each in said if isinstance(each, StepEnd))
    assert charged.end == UPPER
    assert discharged.end == LOWER
    assert (discharged.elapsed, discharged.run) == (1.4, 2)


def test_every_kind_of_step_is_understood() -> None:
    """From the transcript: 3.5 V and 40 uA set and measured, three frequencies, what ended each step."""
    with ScriptedLine(*golden("emstat4", "start every kind of step")) as line:
        potentiostat = EmStat4(line)
        potentiostat.start(EVERY_KIND)
        line.comes(exchange("emstat4", "every kind of step from start to end").reply)
        said = potentiostat.poll()
        end = potentiostat.ended()
    assert end is not None
    assert end.finished
    rest, hold, ramp = (each for each in said if isinstance(each, Sample))
    assert (rest.voltage, rest.current, rest.step_charge, rest.quality) == (3.45, 0.0, 0.0, Quality.GOOD)
    assert (hold.voltage, hold.current, hold.run) == (3.5, 40e-6, 2)
    assert (hold.step_charge, hold.charge_before, ramp.charge_before) == (5.555555e-9, 0.0, 5.555555e-9)
    assert (ramp.voltage, ramp.current, ramp.elapsed) == (3.54, 196e-6, 2.04)
    spectrum = [(each.frequency, each.real, each.imaginary) for each in said if isinstance(each, ImpedancePoint)]
    assert spectrum == [(1e4, 100.5, -0.159), (1e3, 100.6, -1.59), (1e2, 101.0, -15.9)]
    found = [each for each in said if isinstance(each, StepEnd)]
    assert [each.end for each in found] == [End(Limit.TIME, 1.0), End(Limit.CURRENT, 50e-6, below=True), None, None]
    assert [each.complete for each in found] == [False, False, True, True]
    assert not any(each.told or each.safety for each in found)


def test_a_programme_that_was_found_running_has_nameless_ends_until_it_is_adopted() -> None:
    end = PLACE + b";jd99F60CEf;jf8000000 ;ee8000001i\n"
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(b"*\n" + end)
        (nameless,) = potentiostat.poll()
        potentiostat.adopt(PROGRAMME)
        line.comes(end)
        (named,) = potentiostat.poll()
    assert isinstance(nameless, StepEnd)
    assert isinstance(named, StepEnd)
    assert nameless.end is None
    assert named.end == UPPER


@pytest.mark.parametrize(("told", "is_time"), [(True, False), (False, True)])
def test_a_loop_that_is_over_was_ended_by_the_host_or_by_its_time(told: bool, is_time: bool) -> None:
    over = b"*\n" + PLACE + b";jd99F60CEf;jf8000000 ;ee8000050i\n"
    with ScriptedLine(*([said(b"Y\n", b"Y\n" + over)] if told else [])) as line:
        potentiostat = EmStat4(line)
        potentiostat.adopt(EVERY_KIND)
        line.comes(PACKET)
        if told:
            potentiostat.end_step()
        else:
            line.comes(over)
        _, end = potentiostat.poll()
    assert isinstance(end, StepEnd)
    assert end.told is told
    assert (end.end == End(Limit.TIME, 1.0)) is is_time


def test_a_step_that_waits_for_no_host_is_not_ended_by_it() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        potentiostat.adopt(PROGRAMME)
        line.comes(PACKET)
        with pytest.raises(RequestRefused, match="no end that a host could tell"):
            potentiostat.end_step()
        potentiostat.poll()


def test_no_step_is_ended_where_nothing_runs() -> None:
    line = ScriptedLine(*golden("emstat4", "nothing to end"))
    with line, pytest.raises(InstrumentRefused, match=r"'Y' was answered '!0006'.*no step was ended"):
        EmStat4(line).end_step()


def test_a_point_of_a_spectrum_is_an_impedance() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(POINT)
        (point,) = potentiostat.poll()
    assert isinstance(point, ImpedancePoint)
    assert (point.frequency, point.real, point.imaginary) == (1000.0, 1.0, -0.1)
    assert (point.elapsed, point.cycle, point.step, point.run) == (0.5, 1, 1, 1)


def test_after_thirty_seven_hours_the_time_is_still_of_microseconds() -> None:
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(PACKET.replace(b"je8000000i", b"je8000064i"))
        (sample,) = potentiostat.poll()
    assert isinstance(sample, Sample)
    assert sample.elapsed == 360_000.5


def test_the_safe_state_is_read_back() -> None:
    with ScriptedLine(*golden("emstat4", "the cell is open")) as line:
        assert EmStat4(line).verify_open() == 3.1


def test_a_cell_that_is_on_is_not_called_open() -> None:
    line = ScriptedLine(*golden("emstat4", "the cell is not open"))
    with line, pytest.raises(InstrumentRefused, match=r"0014.*needs the cell off"):
        EmStat4(line).verify_open()


def test_an_instrument_that_has_no_mode_yet_is_given_one_to_be_looked_at_in() -> None:
    first = golden("emstat4", "the cell is open")[0]
    again = first.sent.replace(b"e\n", b"e\nset_pgstat_chan 0\nset_pgstat_mode 3\n", 1)
    with ScriptedLine(said(first.sent, b"e\n!0021: Line 2\n"), said(again, first.reply)) as line:
        assert EmStat4(line).verify_open() == 3.1


@pytest.mark.parametrize(
    "reply", [b"e\nM000B\n*\n\n", b"e\nPba82F4D60u,10,205\n\n", b"e\nPab     nan\n\n", b"e\nP?\n\n"]
)
def test_an_open_circuit_without_a_voltage_is_not_verified(reply: bytes) -> None:
    sent = golden("emstat4", "the cell is open")[0].sent
    with ScriptedLine(said(sent, reply)) as line, pytest.raises(BadReply, match="EmStat4"):
        EmStat4(line).verify_open()


def test_an_open_circuit_that_nobody_confirms_is_not_verified() -> None:
    sent = golden("emstat4", "the cell is open")[0].sent
    with ScriptedLine(said(sent, b"")) as line, pytest.raises(NoReply):
        EmStat4(line).verify_open()


def test_a_programme_that_ended_for_safety_has_not_finished() -> None:
    with ScriptedLine(*golden("emstat4", "start the programme")) as line:
        potentiostat = EmStat4(line)
        potentiostat.start(PROGRAMME)
        line.comes(b"*\n" + PLACE + b";jd99F60CEf;jf8000000 ;ee800005Bi\n+\n\n")
        (step_end,) = potentiostat.poll()
        end = potentiostat.ended()
    assert isinstance(step_end, StepEnd)
    assert "upper voltage" in step_end.safety
    assert end is not None
    assert not end.finished
    assert "upper voltage" in end.error


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
