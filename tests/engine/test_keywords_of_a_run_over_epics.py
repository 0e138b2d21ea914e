"""The session's own RunEngine asks for what makes a run reusable, and takes it with the run."""

from typing import Any

import pytest
from toy_endstation import Client

from engine.test_session_over_epics import cycle, journal, session

UNKNOWN = {"assembly_pressure_MPa": None}


def empty_run(**md: Any) -> Any:
    import bluesky.plan_stubs as bps

    yield from bps.open_run(md)
    yield from bps.close_run()


def test_a_run_without_stack_pressure_is_refused_before_anything_moves(client: Client) -> None:
    from operando.errors import RunRefused

    here = session(client)
    before = here.stack_pressure.target.get()
    with pytest.raises(RunRefused, match=r"missing \[cell\] assembly_pressure_MPa.*no_stack_pressure"):
        here.RE(cycle(here, pressure=before + 1.0), cell=UNKNOWN)
    assert here.stack_pressure.target.get() == before
    assert here.RE.state == "idle"
    assert not here.detector.capturing.get(use_monitor=False)


def test_the_journal_holds_the_reason_and_who_operated(client: Client) -> None:
    here = session(client)
    (uid,) = here.RE(empty_run(no_stack_pressure="a cell without papers", cell=UNKNOWN), operator="A. Meier")
    start = journal(uid)[0][1]
    assert start["cell"]["no_stack_pressure_reason"] == "a cell without papers"
    assert "assembly_pressure_MPa" not in start["cell"]
    assert start["people"] == [{"name": "A. Meier", "role": "operator"}]
    assert start["operando"]["software"]["bluesky"]
    assert len(start["operando"]["recipe_digest"]) == 64


def test_a_plan_that_says_why_may_stage_its_detector_first(client: Client) -> None:
    here = session(client)

    def finish(name: str, doc: dict[str, Any]) -> None:
        client.toy("cell finished")

    reason = "a cell without papers"
    (uid,) = here.RE(cycle(here, md={"no_stack_pressure": reason}), {"event": finish}, cell=UNKNOWN)
    assert journal(uid)[0][1]["cell"]["no_stack_pressure_reason"] == reason
