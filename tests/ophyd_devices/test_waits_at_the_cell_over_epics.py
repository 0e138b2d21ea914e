"""What a plan can wait for at a cell, and what it can ask of the programme that runs there."""

import json
import logging
import math
from logging.handlers import BufferingHandler

import pytest
from bluesky.protocols import Pausable
from toy_endstation import Client

from operando.devices import Potentiostat
from operando.devices.errand import Errand
from operando.errors import MoveFailed, RequestRefused
from operando.vocabulary import CellEvent, Crossing, Next, StepBegun


def running(client: Client) -> Potentiostat:
    device = Potentiostat("SIM:", name="potentiostat")
    device.wait_for_connection(timeout=10)
    client.until(lambda: device.state.get() == "idle" and device.compiled() is not None)
    device.kickoff().wait(timeout=10)
    return device


def sample(client: Client, **values: float) -> None:
    client.toy(f"sample {json.dumps({name.upper(): value for name, value in values.items()})}")


def still_waits(client: Client, *waits: Errand) -> None:
    client.let_pass(0.3)
    assert not any(wait.done for wait in waits)


def test_a_voltage_is_waited_for_from_either_side(client: Client) -> None:
    device = running(client)
    above = device.watch.set(Crossing("voltage", 3.6))
    below = device.watch.set(Crossing("voltage", 2.5, below=True))
    still_waits(client, above, below)
    sample(client, voltage=3.6001)
    above.wait(timeout=10)
    still_waits(client, below)
    sample(client, voltage=2.2)
    below.wait(timeout=10)


def test_a_wait_that_is_asked_for_again_is_the_same_and_another_like_it_is_not(client: Client) -> None:
    device = running(client)
    awaited = Crossing("voltage", 3.6)
    wait = device.watch.set(awaited)
    assert device.watch.set(awaited) is wait
    sample(client, voltage=3.7)
    wait.wait(timeout=10)
    sample(client, voltage=3.0)
    client.until(lambda: device.voltage.get() == 3.0)
    assert device.watch.set(awaited).done, "what came during a pause of the plan is not lost"
    still_waits(client, device.watch.set(Crossing("voltage", 3.6)))


def test_a_step_is_waited_for_by_number_or_name_and_in_a_cycle(client: Client) -> None:
    device = running(client)
    by_number = device.watch.set(StepBegun(3))
    by_name = device.watch.set(StepBegun("spectrum"))
    in_cycle = device.watch.set(StepBegun("discharge", cycle=2))
    still_waits(client, by_number, by_name, in_cycle)
    sample(client, step=3, run=3)
    by_number.wait(timeout=10)
    sample(client, step=4, run=4)
    by_name.wait(timeout=10)
    sample(client, step=1, run=6, cycle=2)
    still_waits(client, in_cycle)
    sample(client, step=2, run=7)
    in_cycle.wait(timeout=10)


def test_a_step_that_the_programme_does_not_have_is_refused_with_those_that_it_has(client: Client) -> None:
    device = running(client)
    with pytest.raises(RequestRefused, match=r"step 'rset' asked; the programme 'toy' has 1 'charge', .* 5 'rest'"):
        device.watch.set(StepBegun("rset"))
    with pytest.raises(RequestRefused, match=r"'pressure' is no reading of a cell; allowed: voltage, "):
        device.watch.set(Crossing("pressure", 1.0))


def test_events_are_waited_for_from_now_on(client: Client) -> None:
    device = running(client)
    client.toy("end_step voltage >= 3.68 V")
    client.until(lambda: "3.68" in str(device.last_end.value))
    events = (CellEvent.STEP_ENDED, CellEvent.CYCLE_BEGUN, CellEvent.HALF_CYCLE_BEGUN, CellEvent.SPECTRUM_MEASURED)
    ended, cycle, half_cycle, spectrum = (device.watch.set(Next(event)) for event in events)
    still_waits(client, ended, cycle, half_cycle, spectrum)
    client.toy("end_step measurement done")
    ended.wait(timeout=10)
    still_waits(client, cycle, half_cycle, spectrum)
    client.toy("end_step complete")
    spectrum.wait(timeout=10)
    sample(client, half_cycle=2)
    half_cycle.wait(timeout=10)
    sample(client, cycle=2)
    cycle.wait(timeout=10)


def test_an_interrupted_spectrum_is_none(client: Client) -> None:
    device = running(client)
    sample(client, step=4)
    spectrum = device.watch.set(Next(CellEvent.SPECTRUM_MEASURED))
    client.until(lambda: device.step.get() == 4)
    client.toy("end_step paused")
    still_waits(client, spectrum)


def test_a_spectrum_that_a_limit_ends_is_waited_for_no_longer_and_that_is_said(client: Client) -> None:
    said = BufferingHandler(capacity=100)
    logging.getLogger("operando.devices").addHandler(said)
    device = running(client)
    sample(client, step=4)
    spectrum = device.watch.set(Next(CellEvent.SPECTRUM_MEASURED))
    client.until(lambda: device.step.get() == 4)
    client.toy("end_step time >= 600 s")
    spectrum.wait(timeout=10)
    words = "potentiostat: the spectrum has ended before its last point: time >= 600 s"
    assert words in {record.getMessage() for record in said.buffer}


def test_a_wait_ends_with_the_programme(client: Client) -> None:
    device = running(client)
    over = device.watch.set(Next(CellEvent.PROGRAMME_ENDED))
    wait = device.watch.set(Crossing("voltage", 3.6))
    client.toy("cell finished")
    over.wait(timeout=10)
    with pytest.raises(
        MoveFailed, match=r"waited for voltage of at least 3.6 V, in vain: it is 3.1234 V, and .* is finished"
    ):
        wait.wait(timeout=10)


def test_a_wait_has_its_time(client: Client) -> None:
    device = running(client)
    with pytest.raises(
        MoveFailed, match=r"waited for step 'rest', not within 0.2 s: it is in step 2 of cycle 1; .* ru"
    ):
        device.watch.set(StepBegun("rest"), timeout=0.2).wait(timeout=10)


def test_the_programme_is_paused_and_resumed_and_the_age_of_the_rest_is_read(client: Client) -> None:
    device = running(client)
    assert math.isnan(device.read()["rest_age"]["value"]), "not known is not just now"
    device.state.set("paused").wait(timeout=10)
    assert device.state.get() == "paused"
    device.state.set("paused").wait(timeout=10)
    assert device.read()["rest_age"]["value"] == 12.5, "it is of the rest, not of the sample before"
    device.state.set("running").wait(timeout=10)
    assert device.state.get() == "running"


def test_what_cannot_be_paused_is_refused_in_the_services_words(client: Client) -> None:
    device = running(client)
    client.toy("cell finished")
    client.until(lambda: device.state.get() == "finished")
    with pytest.raises(RequestRefused, match=r"^it is finished \(toy\)$"):
        device.state.set("paused").wait(timeout=10)
    with pytest.raises(RequestRefused, match="'off' asked; 'paused' or 'running' is wanted"):
        device.state.set("off")


def test_a_paused_plan_pauses_no_programme(client: Client) -> None:
    device = running(client)
    device.pause()  # as bluesky does with every device of a plan that is paused
    still_running = device.state.get()
    device.resume()
    client.let_pass(0.2)
    assert still_running == device.state.get() == "running"
    assert not any(isinstance(part, Pausable) for part in (device.state, device.measurement, device.watch))


def test_a_done_measurement_ends_the_step_that_waits_for_it(client: Client) -> None:
    device = running(client)
    assert device.measurement.get() == ""
    sample(client, step=3, run=3)
    client.until(lambda: device.measurement.get() == "impedance")
    device.measurement.set("done").wait(timeout=10)
    client.until(lambda: device.step.get() == 4)
    assert device.measurement.get() == ""


def test_another_programme_is_loaded_or_refused_in_the_services_words(client: Client) -> None:
    device = running(client)
    device.programme.set("name = 'loaded'\n").wait(timeout=10)
    client.until(lambda: getattr(device.compiled(), "name", "") == "loaded")
    with pytest.raises(RequestRefused, match=r"^no name; nothing was loaded \(toy\)$"):
        device.programme.set("GITT").wait(timeout=10)


def test_a_further_channel_has_records_and_readings_of_its_own(client: Client) -> None:
    device = Potentiostat("SIM:", channel="B", name="potentiostat_b")
    assert device.voltage.pvname == "SIM:CELL_B:VOLTAGE"
    assert device.request.pvname == "SIM:CELL_B:REQUEST"
    assert device.heartbeat.pvname == "SIM:ENVIRONMENT:HEARTBEAT"
    assert {signal.name for signal in device.readings.values()} >= {"voltage_b", "charge_b", "rest_age_b"}
    device.destroy()
