"""Messages beside those of a plan."""

from collections.abc import Callable
from typing import Any

from bluesky import Msg
from bluesky.utils import MsgGenerator, ensure_generator

Insertion = Callable[[Msg], MsgGenerator[None] | None]
"""Returns what is to be done beside a message, or None."""


def inserted(plan: Any, before: Insertion | None = None, behind: Insertion | None = None) -> MsgGenerator[Any]:
    """Yield the messages of a plan with others between; what is between is not looked at again.

    bluesky's own ``plan_mutator`` looks at what it has inserted, too, and keeps every message until its end.

    Parameters
    ----------
    plan : iterable of Msg
        Any plan.
    before, behind : callable, optional
        Return what is done before or behind a message.

    Returns
    -------
    Any
        What the plan returns.
    """
    inner = ensure_generator(plan)
    answer: Any = None
    error: BaseException | None = None
    while True:
        try:
            msg = inner.throw(error) if error is not None else inner.send(answer)
        except StopIteration as end:
            return end.value
        answer = error = None
        try:
            if before and (extra := before(msg)):
                yield from extra
            answer = yield msg
            if behind and (extra := behind(msg)):
                yield from extra
        except BaseException as raised:  # noqa: BLE001 (it is the plan's to handle: pause, abort, halt, close)
            error = raised
