"""A reply that is lost costs a read or two, not the rest of the session."""

from typing import Any

from toy_endstation import Client

from operando.devices import RingCurrent
from operando.devices.lost_replies import ask_again

NORMAL, DISCONNECTED = 1, 192
"""ECA_NORMAL, ECA_DISCONN (EPICS caerr.h)."""


def reads_that_fail(answer: int) -> int:
    """Let one question for the ring current get lost, its asker being told ``answer``; count reads until one works."""
    from epics import ca  # only in the worker

    current = RingCurrent("SIM:RING:CURRENT", name="ring_current", auto_monitor=False)
    current.wait_for_connection(timeout=10)
    current.get(use_monitor=False)
    ask = ca.libca.ca_array_get_callback
    lost: list[Any] = []

    def lose(*question: Any) -> int:
        if lost:
            return ask(*question)
        lost.append(question)
        return answer

    ca.libca.ca_array_get_callback = lose
    try:
        return next(failed for failed in range(10) if works(current))
    finally:
        ca.libca.ca_array_get_callback = ask
        assert lost


def works(current: RingCurrent) -> bool:
    try:
        return 90.0 < current.get(timeout=0.2, connection_timeout=0.2, use_monitor=False) <= 100.0
    except Exception:  # noqa: BLE001 (what pyepics raises of a server that goes away is a class of its own)
        return False


def test_a_record_whose_reply_was_lost_is_read_again(client: Client) -> None:
    ask_again()
    ask_again()
    assert reads_that_fail(NORMAL) == 1


def test_a_record_whose_server_went_away_in_between_is_read_again(client: Client) -> None:
    ask_again()
    assert reads_that_fail(DISCONNECTED) == 2
