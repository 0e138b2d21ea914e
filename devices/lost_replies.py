"""A reply that was lost is asked for again, not waited for until the session ends.

pyepics 3.5.10 notes that a value was asked for, and asks no second time while that note stands (`epics.ca.
get_with_metadata`). A server that loses the one reply, or goes away in the moment of the question, would leave the
record unreadable for good, though it is connected.
"""

import functools
from typing import Any

from epics import ca


def ask_again() -> None:
    """Have every later read of this process forget its question when it has waited in vain; asked twice, do nothing."""
    complete = ca.get_complete_with_metadata
    if hasattr(complete, "__wrapped__") and complete.__module__ == __name__:
        return

    @functools.wraps(complete, assigned=("__doc__", "__name__"))
    def completed(chid: Any, *args: Any, **kwargs: Any) -> Any:
        answer = complete(chid, *args, **kwargs)
        if answer is None:
            _forget(chid, kwargs.get("ftype"))
        return answer

    ca.get_complete_with_metadata = completed


def _forget(chid: Any, ftype: int | None) -> None:
    entry = ca.get_cache(ca.name(chid))
    if not entry:
        return
    with entry.lock:
        if ftype in entry.get_results and entry.get_results[ftype][0] is ca.GET_PENDING:
            entry.get_results[ftype] = [None]
