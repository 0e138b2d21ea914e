"""Requests to the environment service: a JSON object into one record, the answer out of another."""

import dataclasses
import json
import uuid
from collections import OrderedDict
from typing import Any

from ophyd import EpicsSignal, EpicsSignalRO

from operando.devices.errand import Errand
from operando.errors import RequestRefused
from operando.vocabulary import Reply, Request, who

REPLIES_KEPT = 32
"""Answers remembered: somebody else's may come between a request and its own."""


class Mailbox:
    """One subsystem's pair of request and reply records.

    Parameters
    ----------
    name : str
        Of the device, for messages.
    request, reply : signal
        Text records.
    """

    def __init__(self, name: str, request: EpicsSignal, reply: EpicsSignalRO) -> None:
        self._name = name
        self._request = request
        self._reply = reply
        self._replies: OrderedDict[str, Reply] = OrderedDict()
        reply.subscribe(self._received)

    def send(self, field: str, value: float = 0.0, text: str = "") -> str:
        """Write a request and return its id, without waiting for the answer."""
        request = Request(uuid.uuid4().hex, who(), field, value, text)
        # With completion, though nobody waits for it: a server that keeps its record unchanged reports a failed put,
        # and without completion the EPICS library prints each of those on the terminal.
        self._request.put(json.dumps(dataclasses.asdict(request)), use_complete=True)
        return request.id

    def answer(self, request_id: str) -> Reply | None:
        """Return the answer to a request, None as long as there is none."""
        return self._replies.get(request_id)

    def await_acceptance(self, errand: Errand, request_id: str, what: str, timeout: float) -> None:
        """Return once a request is accepted.

        Raises
        ------
        RequestRefused
            With the service's own words, or since no answer came.
        """
        if not errand.wait_until(lambda: self.answer(request_id) is not None, timeout):
            raise RequestRefused(
                f"{self._name}: {what} asked, no answer in {self._reply.pvname} within {timeout:g} s; "
                "the environment service does not answer, whatever it did before goes on"
            )
        reply = self._replies[request_id]
        if not reply.accepted:
            raise RequestRefused(reply.text)

    def _received(self, value: Any = "", **_: Any) -> None:
        try:
            reply = Reply(**json.loads(str(value)))
        except (ValueError, TypeError):
            return  # empty until the first request, or not for us to read
        self._replies[reply.id] = reply
        while len(self._replies) > REPLIES_KEPT:
            self._replies.popitem(last=False)
