"""What is measured reaches log and records as the same numbers under the same time stamps."""

import threading
from contextlib import closing
from pathlib import Path

import pytest

from operando.environment.axis import Axis
from operando.environment.publication import Publication
from operando.environment.record_table import record_table
from operando.history import EnvironmentHistory, EnvironmentLog
from operando.records import Value
from operando.vocabulary import QUANTITIES, AxisState, Mode, Quality, Reading

NOW = 1_790_000_000_000_000_000
AXIS = Axis(
    readback=Reading(85.01, NOW),
    setpoint=85.0,
    target=85.0,
    drive=Reading(61.5, NOW + 20_000_000),
    mode=Mode.CLOSED_LOOP,
    state=AxisState.SETTLED,
    settled=True,
    settled_id="7",
    tolerance=0.05,
    settle_time=2.0,
    ramp_rate=0.5,
)


class Records:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Value, int | None, Quality]] = []
        self.beaten = threading.Event()

    def publish(self, name: str, value: Value, time_ns: int | None, quality: Quality) -> None:
        if name == "ENVIRONMENT:HEARTBEAT":
            self.beaten.set()
        else:
            self.published.append((name, value, time_ns, quality))


def serve(publication: Publication) -> list[tuple[str, Value, int | None, Quality]]:
    records = Records()
    publication.close()
    publication.serve(records)
    return records.published


def test_log_and_records_hold_the_same(tmp_path: Path) -> None:
    log = EnvironmentLog(tmp_path)
    publication = Publication(log)
    publication.axis("stack_pressure", "piezo_drive", "PRESSURE", AXIS)
    served = {name: (value, time_ns) for name, value, time_ns, _ in serve(publication)}
    log.close()
    with closing(EnvironmentHistory(tmp_path)) as history:
        for quantity in QUANTITIES[:5]:
            logged = history.last(quantity.name)
            assert logged is not None
            assert served[quantity.record] == (logged.value, logged.time_ns)
    assert served["PRESSURE:STATE"][0] == "settled"
    assert served["PRESSURE:SETTLED_ID"][0] == "7"


def test_what_does_not_change_is_not_served_again(tmp_path: Path) -> None:
    publication = Publication(EnvironmentLog(tmp_path), lambda: NOW)
    for _ in range(3):
        publication.axis("stack_pressure", "piezo_drive", "PRESSURE", AXIS)
    names = [name for name, *_ in serve(publication)]
    assert names.count("PRESSURE:READBACK") == names.count("PRESSURE:SETTLED") == 3
    assert names.count("PRESSURE:MODE") == names.count("PRESSURE:RAMP_RATE") == 1


def test_the_heart_beats_while_nothing_is_measured(tmp_path: Path) -> None:
    publication = Publication(EnvironmentLog(tmp_path))
    records = Records()
    thread = threading.Thread(target=publication.serve, args=(records,))
    thread.start()
    for _ in range(2):
        assert records.beaten.wait(30)
        records.beaten.clear()
    publication.close()
    thread.join(30)
    assert not thread.is_alive()


def test_every_quantity_has_a_record_and_every_put_too() -> None:
    names = {spec.name for spec in record_table({})}
    assert {quantity.record for quantity in QUANTITIES} <= names
    assert {"SAFE", "HOLD", "ENVIRONMENT:HEARTBEAT", "CELL:START", "PRESSURE:TARGET_HIGH"} <= names
    with pytest.raises(KeyError, match="PRESURE:TARGET"):
        record_table({"PRESURE:TARGET": lambda _: None})
