"""Whether a regulated quantity has arrived at its target, is still on its way, or never will."""

import math
from dataclasses import dataclass

from operando.devices.heartbeat import YOUNG
from operando.errors import MoveFailed
from operando.vocabulary import AxisState

DEAD_ENDS = (AxisState.HELD, AxisState.FREE, AxisState.FAULT, AxisState.SAFE)
"""States from which a target is not reached any more."""
AT_REST = (AxisState.IDLE, AxisState.SETTLED)
"""States in which no request is underway: the service that accepted ours was killed before it could remember it."""
BELIEVED = 1.5
"""s that a dead end or another target must stand in its record: what stands there at first may be older than the
request, or the record of a service that has just been started again."""
PROGRESS_SHARE = 0.1
"""Of the tolerance: coming nearer by less is not progress."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The records of a regulated quantity at one moment.

    Parameters
    ----------
    target, readback : float
        In the unit of the quantity.
    state : str
        An `AxisState`.
    settled_id : str
        Id of the request that settled last.
    heartbeat_age : float
        s since the environment service was last heard.
    """

    target: float
    readback: float
    state: str
    settled_id: str
    heartbeat_age: float


class Travel:
    """Follows one accepted request for a target.

    Parameters
    ----------
    request_id : str
        Of the request.
    target : float
        What was asked for.
    start : Sight
        What was seen before asking.
    now : float
        s on the monotonic clock, at acceptance.
    tolerance : float
        In the unit of the quantity.
    settle_time : float
        s within tolerance until settled.
    patience : float
        s without progress towards the target after which the move fails; the whole move may take any time.
    """

    def __init__(
        self, request_id: str, target: float, start: Sight, now: float,
        *, tolerance: float, settle_time: float, patience: float,
    ) -> None:  # fmt: skip
        self._id = request_id
        self._target = target
        self._earlier_id = start.settled_id
        self._tolerance = tolerance
        self._settle_time = settle_time
        self._patience = patience
        self._nearest = math.inf
        self._accepted = self._progressed = now
        self._taken = False
        self._left_alone = self._ours = now

    def resume(self, now: float) -> None:
        """Begin to judge anew: the service was away for a while, and has been started again."""
        self._left_alone = self._ours = self._progressed = now

    def arrived(self, sight: Sight, now: float) -> bool:
        """Whether the target is reached and settled.

        Raises
        ------
        MoveFailed
            It never will be; says why, without naming the device.
        """
        if sight.settled_id == self._id:
            if sight.heartbeat_age < YOUNG:
                return True
        elif not self._taken or now - self._accepted < BELIEVED:
            self._earlier_id = sight.settled_id  # of a request before ours that settled while ours was on its way
        elif sight.settled_id not in ("", self._earlier_id):
            raise MoveFailed("somebody else's newer request has settled")
        self._check_target(sight, now)
        self._check_state(sight, now)
        self._check_progress(sight, now)
        return False

    def _check_target(self, sight: Sight, now: float) -> None:
        if math.isclose(sight.target, self._target, rel_tol=1e-6, abs_tol=1e-9):
            self._taken, self._ours = True, now
        elif self._taken and now - self._ours > BELIEVED:
            raise MoveFailed(f"the target was changed to {sight.target:g} by somebody else")

    def _check_state(self, sight: Sight, now: float) -> None:
        forgotten = sight.state in AT_REST and sight.settled_id != self._id
        if sight.state not in DEAD_ENDS and not forgotten:
            self._left_alone = now
        elif now - self._left_alone > BELIEVED:
            why = "does not know of this request (was it started again?)" if forgotten else f"went to {sight.state}"
            raise MoveFailed(f"the environment service {why}")

    def _check_progress(self, sight: Sight, now: float) -> None:
        distance = abs(sight.readback - self._target)
        if distance < self._nearest - PROGRESS_SHARE * self._tolerance:
            self._nearest, self._progressed = distance, now
        allowed = self._patience + (self._settle_time if distance <= self._tolerance else 0.0)
        if now - self._progressed > allowed:
            silence = "" if sight.heartbeat_age < YOUNG else "; the environment service is silent"
            raise MoveFailed(f"no progress for {now - self._progressed:.0f} s{silence}")
