"""Requests from clients: understood, checked, passed on or refused, and answered."""

import json
import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, fields
from typing import Any

from operando.environment.axis import Change
from operando.environment.limits import Field, check
from operando.errors import RequestRefused
from operando.vocabulary import Reply, Request

KEYS = tuple(field.name for field in fields(Request))
PUT = "caput"
"""Who asks, where a client puts into a record without saying its name."""


class RequestDesk:
    """Takes the requests to one subsystem.

    Parameters
    ----------
    subject : str
        As it appears in replies: ``stack_pressure``.
    subsystem : str
        Of the records: ``PRESSURE``.
    allowed : dict of Field
        What may be asked.
    tell : callable
        Takes an accepted `Change`.
    objection : callable
        Takes the name of a field, returns why it cannot be taken now, or nothing.
    show : callable
        Takes the name of a record and its text; only queues.
    """

    def __init__(
        self,
        subject: str,
        subsystem: str,
        allowed: dict[str, Field],
        tell: Callable[[Change], None],
        objection: Callable[[str], str],
        show: Callable[[str, str], None],
    ) -> None:
        self._subject = subject
        self._subsystem = subsystem
        self._allowed = allowed
        self._tell = tell
        self._objection = objection
        self._show = show
        self._puts = 0

    def on_request(self, text: str) -> None:
        """Take one JSON object from the record ``REQUEST`` and answer it in ``REPLY``."""
        self._show(f"{self._subsystem}:REQUEST", text)
        try:
            request = understood(self._subject, text)
        except RequestRefused as error:
            self._answer(Reply(_id_of(text), False, str(error)))
        else:
            self._take(request)

    def on_put(self, field: str) -> Callable[[float], None]:
        """Return what takes a plain put into the record of a field; putting 0 to a command asks for nothing."""

        def put(value: float) -> None:
            if self._allowed[field].command and not value:
                return
            self._puts += 1
            self._take(Request(f"{PUT}-{self._puts}", PUT, field, float(value)))

        return put

    def _take(self, request: Request) -> None:
        try:
            check(self._subject, request, self._allowed)
            if objection := self._objection(request.field):
                raise RequestRefused(
                    f"{self._subject}: {request.who} asked for {request.field}; refused: {objection}; nothing changes"
                )
        except RequestRefused as error:
            self._answer(Reply(request.id, False, str(error)))
            return
        self._pass_on(request)

    def _pass_on(self, request: Request) -> None:
        """Accept at once; only a start is answered when it is done, since an instrument may refuse it."""
        if request.field != "start":
            self._tell(Change(request.field, request.value, request.id))
            self._answer(Reply(request.id, True, ""))
            return
        done: Future[str] = Future()
        done.add_done_callback(lambda found: self._answer(Reply(request.id, not found.result(), found.result())))
        self._tell(Change(request.field, request.value, request.id, done))

    def _answer(self, reply: Reply) -> None:
        self._show(f"{self._subsystem}:REPLY", json.dumps(asdict(reply)))


def understood(subject: str, text: str) -> Request:
    """Return the request that a text states.

    Raises
    ------
    RequestRefused
        It states none, or one without id or who.

    Examples
    --------
    >>> understood("stack_pressure", '{"id": "7", "who": "ada", "field": "target", "value": 60}')
    Request(id='7', who='ada', field='target', value=60.0)
    """
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise RequestRefused(f"{subject}: {text!r} is no JSON: {error}; nothing changes") from error
    if not isinstance(found, dict) or not set(found) <= set(KEYS):
        raise RequestRefused(f"{subject}: {text!r}: a JSON object of {', '.join(KEYS)} is wanted; nothing changes")
    for key in ("id", "who", "field"):
        if not isinstance(found.get(key), str) or not found[key]:
            raise RequestRefused(f"{subject}: {text!r}: {key} must be text, not empty; nothing changes")
    value: Any = found.get("value", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefused(
            f"{subject}: {found['who']} asked for {found['field']} = {value!r}, a number is wanted; nothing changes"
        )
    return Request(found["id"], found["who"], found["field"], float(value) if abs(value) < 1e300 else math.inf)


def _id_of(text: str) -> str:
    """Return the id of a request that was not understood, so that its client finds the answer."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return ""
    return str(found.get("id", "")) if isinstance(found, dict) else ""
