"""Requests from clients: understood, checked, passed on or refused, and answered."""

import json
import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, fields
from typing import Any

from operando.environment.axis import Change
from operando.environment.limits import Field, check
from operando.environment.ownership import PUT, Ownership
from operando.errors import RequestRefused
from operando.vocabulary import Reply, Request

KEYS = tuple(field.name for field in fields(Request))
ANSWERED_WHEN_DONE = ("start", "pause", "resume", "end_step", "load", "mode", "reset", "hold", "safe")
"""The next request of whoever waits for the answer builds on these; or an instrument may refuse them."""


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
        Takes a request, returns why it cannot be taken now, or nothing.
    show : callable
        Takes the name of a record and its text; only queues.
    ownership : Ownership
        Who is in control.
    """

    def __init__(
        self,
        subject: str,
        subsystem: str,
        allowed: dict[str, Field],
        tell: Callable[[Change], None],
        objection: Callable[[Request], str],
        show: Callable[[str, str], None],
        ownership: Ownership,
    ) -> None:
        self._subject = subject
        self._subsystem = subsystem
        self._allowed = allowed
        self._tell = tell
        self._objection = objection
        self._show = show
        self._ownership = ownership
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

    def on_put(self, field: str) -> Callable[[float | str], None]:
        """Return what takes a plain put into the record of a field; putting 0 to a command asks for nothing."""

        def put(value: float | str) -> None:
            if self._allowed[field].command and not value:
                return
            self._puts += 1
            number, text = (0.0, value.strip()) if isinstance(value, str) else (float(value), "")
            self._take(Request(f"{PUT}-{self._puts}", PUT, field, number, text))

        return put

    def _take(self, request: Request) -> None:
        try:
            check(self._subject, request, self._allowed)
            if objection := self._ownership.objection(request.who, request.field) or self._objection(request):
                raise RequestRefused(
                    f"{self._subject}: {request.who} asked for {request.field}; refused: {objection}; nothing changes"
                )
        except RequestRefused as error:
            self._answer(Reply(request.id, False, str(error)))
            return
        self._ownership.accepted(request.who, request.field)
        self._pass_on(request)

    def _pass_on(self, request: Request) -> None:
        """Answer at once, or when it is done."""
        if request.field not in ANSWERED_WHEN_DONE:
            self._tell(Change(request.field, request.value, request.id))
            self._answer(Reply(request.id, True, ""))
            return
        done: Future[str] = Future()
        done.add_done_callback(lambda found: self._answer(Reply(request.id, not found.result(), found.result())))
        self._tell(Change(request.field, request.value, request.id, done, request.text))

    def _answer(self, reply: Reply) -> None:
        self._show(f"{self._subsystem}:REPLY", json.dumps(asdict(reply)))


def understood(subject: str, said: str) -> Request:
    """Return the request that a text states.

    Raises
    ------
    RequestRefused
        It states none, or one without id or who.

    Examples
    --------
    >>> understood("stack_pressure", '{"id": "7", "who": "ada", "field": "target", "value": 60}')
    Request(id='7', who='ada', field='target', value=60.0, text='')
    """
    try:
        found = json.loads(said)
    except json.JSONDecodeError as error:
        raise RequestRefused(f"{subject}: {said!r} is no JSON: {error}; nothing changes") from error
    if not isinstance(found, dict) or not set(found) <= set(KEYS):
        raise RequestRefused(f"{subject}: {said!r}: a JSON object of {', '.join(KEYS)} is wanted; nothing changes")
    for key in ("id", "who", "field"):
        if not isinstance(found.get(key), str) or not found[key]:
            raise RequestRefused(f"{subject}: {said!r}: {key} must be text, not empty; nothing changes")
    value: Any = found.get("value", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefused(
            f"{subject}: {found['who']} asked for {found['field']} = {value!r}, a number is wanted; nothing changes"
        )
    if not isinstance(text := found.get("text", ""), str):
        raise RequestRefused(
            f"{subject}: {found['who']} asked for {found['field']} = {text!r}, text is wanted; nothing changes"
        )
    number = float(value) if abs(value) < 1e300 else math.inf
    return Request(found["id"], found["who"], found["field"], number, text)


def _id_of(text: str) -> str:
    """Return the id of a request that was not understood, so that its client finds the answer."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return ""
    return str(found.get("id", "")) if isinstance(found, dict) else ""
