"""What an EmStat says of steps, and how one is ended; the safe state is read back."""

import pytest
from wire.golden_packets import PACKET, PLACE, POINT
from wire.golden_programme import EVERY_KIND, LOWER, PROGRAMME, UPPER
from wire.scripted_line import ScriptedLine, golden, said
from wire.transcript import exchange

from operando.errors import BadReply, InstrumentRefused, NoReply, RequestRefused
from operando.instruments import EmStat4, ImpedancePoint, Sample, StepEnd
from operando.vocabulary import End, Limit, Quality


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


def test_a_point_may_last_for_days() -> None:
    """Three periods of 10 µHz, in which the hours are not counted."""
    with ScriptedLine() as line:
        potentiostat = EmStat4(line)
        line.comes(POINT.replace(b"eb807A120u", b"eb80493E0 "))
        (point,) = potentiostat.poll()
    assert point.elapsed == 300_000.0


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
