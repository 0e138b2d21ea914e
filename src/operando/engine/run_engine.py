"""A RunEngine whose stop documents say why, and that can resume a move which it froze itself."""

import asyncio
from typing import Any

from bluesky import Msg
from bluesky.run_engine import RunEngine

from operando.errors import MoveHeld


class EndstationRunEngine(RunEngine):
    """bluesky's RunEngine with two amendments.

    ``RE.abort(reason)`` reaches the stop document: bluesky 1.15 asks the plan to close its run, whose messages carry
    no reason (https://github.com/DiamondLightSource/blueapi/issues/1306).

    At a pause it stops whatever moves, and a stopped move of ours fails. On resuming, the plan asks for that target
    again from its last checkpoint, so this failure, and only this, is not held against it.
    """

    waiting_hook: Any
    state_hook: Any

    def known_metadata(self) -> dict[str, Any]:
        """Return what is known of a run that the present plan will open: detectors are staged before that."""
        return {**self.md, **self._metadata_per_call}

    @property
    def pause_wanted(self) -> bool:
        """Whether somebody asked for a pause at the next checkpoint."""
        return bool(self._deferred_pause_requested)

    async def pause_now(self) -> None:
        """Pause at once; from a message that the plan waits for."""
        await self._request_pause_coro()

    def note(self, text: str) -> None:
        """Record a text in every open run, in its stream of interruptions."""
        for run in self._run_bundlers.values():
            run.record_interruption(text)

    async def _close_run(self, msg: Msg) -> Any:
        if not msg.kwargs.get("reason"):
            msg = msg._replace(kwargs={**msg.kwargs, "reason": self._reason})
        return await super()._close_run(msg)

    def _status_object_completed(self, ret: Any, fut: "asyncio.Future[None]", pardon_failures: asyncio.Event) -> None:
        held = isinstance(ret.exception(timeout=0), MoveHeld)
        if held and self._is_asked_again(getattr(ret, "obj", None)):
            fut.set_result(None)
            return
        super()._status_object_completed(ret, fut, pardon_failures)

    def _is_asked_again(self, device: Any) -> bool:
        """Whether a paused plan will set ``device`` again when it resumes from its last checkpoint."""
        if str(self.state) not in ("pausing", "paused"):
            return False
        return any(msg.command == "set" and msg.obj is device for msg in self._msg_cache or ())
