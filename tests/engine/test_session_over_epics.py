"""The whole RunEngine process against a toy endstation: startup, plan, journal, pause, abort."""

import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

import event_model
import pytest
from toy_endstation import Client

SIMULATED = Path(str(files("operando.configs"))) / "simulated.toml"


def session(client: Client) -> ModuleType:
    """Import the session, once for all tests of this process."""
    os.environ.setdefault("OPERANDO_CONFIG", str(SIMULATED))
    os.environ.setdefault("OPERANDO_ROOT", str(client.tmp_path))
    import operando.startup

    return operando.startup


def journal(uid: str) -> list[tuple[str, dict[str, Any]]]:
    from operando.journal import is_owned, read_journal

    path = Path(os.environ["OPERANDO_ROOT"]) / "journal" / f"{uid}.jsonl"
    assert not is_owned(path)
    return list(read_journal(path))


def cycle(here: ModuleType, **options: Any) -> Any:
    devices = (here.detector, here.stack_pressure, here.heater, here.potentiostat)
    return here.operando_cycle(*devices, **{"exposure": 0.02, "interval": 0.2, **options})


@contextmanager
def after(seconds: float, action: Callable[..., Any], *arguments: Any) -> Iterator[None]:
    timer = threading.Timer(seconds, action, arguments)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_the_session_holds_the_runengine_devices_and_plans(client: Client) -> None:
    here = session(client)
    assert {name for name in vars(here) if not name.startswith("_")} == set(here.__all__)
    assert here.RE.record_interruptions


def test_a_cycle_is_in_the_journal_with_every_frame(client: Client) -> None:
    from operando.plans.flights import STREAM

    here = session(client)

    def finish(name: str, doc: dict[str, Any]) -> None:
        if doc["seq_num"] == 3:
            client.toy("cell finished")

    (uid,) = here.RE(cycle(here, pressure=85.0), {"event": finish})
    documents = journal(uid)
    for name, doc in documents:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(doc)
    start, stop = documents[0][1], documents[-1][1]
    assert {"operando", "cell", "scan_id"} <= start.keys()
    assert stop["num_events"][STREAM] >= 3
    names = [name for name, _ in documents]
    assert names.count("stream_datum") == names.count("event") == stop["num_events"][STREAM]
    assert names.count("stream_resource") == 1
    assert names.index("stream_datum") < names.index("event")
    (descriptor,) = (doc for name, doc in documents if name == "descriptor" and doc["name"] == STREAM)
    assert descriptor["configuration"]["detector"]["data"]["detector_acquire_time"] == pytest.approx(0.02)
    assert descriptor["data_keys"]["detector_image"]["external"] == "STREAM:"
    event = next(doc for name, doc in documents if name == "event")
    assert {"stack_pressure", "temperature", "voltage", "current", "charge"} <= event["data"].keys()
    assert not here.detector.capturing.get(use_monitor=False)
    assert here.stack_pressure.state.get() == "settled", "the end of a plan disturbs nothing"


def test_a_ramp_that_a_pause_froze_is_resumed(client: Client) -> None:
    import bluesky.plan_stubs as bps
    from bluesky.utils import RunEngineInterrupted

    here = session(client)
    here.RE(bps.mv(here.stack_pressure, 85.0))
    client.toy("slow")
    with after(0.5, here.RE.request_pause), pytest.raises(RunEngineInterrupted):
        here.RE(bps.mv(here.stack_pressure, 88.0))
    client.until(lambda: here.stack_pressure.state.get() == "held")
    frozen = here.stack_pressure.target.get()
    assert 85.0 < frozen < 88.0
    client.toy("normal")
    here.RE.resume()
    assert here.stack_pressure.position == pytest.approx(88.0)


def test_the_session_is_heard_under_the_name_of_its_requests_also_while_a_plan_is_paused(client: Client) -> None:
    import bluesky.plan_stubs as bps
    import epics
    from bluesky.utils import RunEngineInterrupted

    here = session(client)
    heartbeat = epics.PV("SIM:HEARTBEAT:RUNENGINE")

    def beat() -> dict[str, Any]:
        return dict(json.loads(heartbeat.get(as_string=True) or '{"count": -1}'))

    client.until(lambda: beat()["count"] >= 0)
    with after(0.3, here.RE.request_pause), pytest.raises(RunEngineInterrupted):
        here.RE(bps.sleep(60.0))
    paused_at = beat()["count"]
    client.until(lambda: beat()["count"] >= paused_at + 2)
    here.RE.abort()
    assert not beat()["last"]
    client.toy("normal")
    with pytest.raises(Exception, match=re.escape(beat()["who"])):
        here.stack_pressure.set(150.0).wait(timeout=10)


def test_ctrl_c_and_abort_close_the_run_with_the_reason_and_leave_the_cell_held(client: Client) -> None:
    from bluesky.utils import RunEngineInterrupted

    here = session(client)
    uids: list[str] = []
    with after(1.0, os.kill, os.getpid(), signal.SIGINT), pytest.raises(RunEngineInterrupted):
        here.RE(cycle(here, interval=3600.0), {"start": lambda name, doc: uids.append(doc["uid"])})
    here.RE.abort("the beamtime is over")
    documents = journal(uids[-1])
    stop = documents[-1][1]
    assert (stop["exit_status"], stop["reason"]) == ("abort", "the beamtime is over")
    assert any(name == "event" and "interruption" in doc["data"] for name, doc in documents)
    assert here.potentiostat.state.get() == "running"
    assert here.stack_pressure.target.get() == pytest.approx(85.0)
    assert not here.detector.capturing.get(use_monitor=False)


def test_a_cycle_attaches_to_the_programme_that_a_dead_session_left(client: Client) -> None:
    here = session(client)
    client.toy("cell running")
    client.until(lambda: here.potentiostat.state.get() == "running")

    def finish(name: str, doc: dict[str, Any]) -> None:
        client.toy("cell finished")

    target = here.stack_pressure.target.get()
    (uid,) = here.RE(cycle(here, attach=True, pressure=target + 3.0), {"event": finish})
    documents = journal(uid)
    assert documents[-1][1]["exit_status"] == "success"
    assert documents[0][1]["plan_args"]["attach"] is True
    assert here.stack_pressure.target.get() == target, "nothing else is touched"


def test_a_refused_pressure_ends_the_run_with_the_services_words(client: Client) -> None:
    from bluesky.utils import FailedStatus

    here = session(client)
    uids: list[str] = []
    with pytest.raises(FailedStatus):
        here.RE(cycle(here, pressure=120.0), {"start": lambda name, doc: uids.append(doc["uid"])})
    stop = journal(uids[-1])[-1][1]
    assert stop["exit_status"] == "fail"
    assert stop["reason"].startswith("120.0 asked by ")


def test_a_cell_that_is_stopped_ends_the_run_with_its_state(client: Client) -> None:
    from bluesky.utils import FailedStatus

    here = session(client)
    uids: list[str] = []
    with after(1.0, client.toy, "cell stopped"), pytest.raises(FailedStatus):
        here.RE(cycle(here), {"start": lambda name, doc: uids.append(doc["uid"])})
    assert "the cell programme ended as stopped in cycle 1" in journal(uids[-1])[-1][1]["reason"]


def test_records_that_do_not_answer_are_named(client: Client) -> None:
    from operando.config import load
    from operando.engine.devices import build
    from operando.errors import EndstationError

    config = load(SIMULATED).model_copy(update={"prefix": "NOWHERE:"})
    with pytest.raises(EndstationError, match=r"stack_pressure: .*NOWHERE:PRESSURE:READBACK.*operando status"):
        build(config, lambda: client.tmp_path).connect(timeout=0.5)
