"""Frames of the cell without its sample, for what its walls scatter."""

from collections.abc import Mapping, Sequence
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.protocols import Configurable, Movable, Readable, Triggerable
from bluesky.utils import MsgGenerator, plan

from operando.errors import RequestRefused

STREAM = "xrd"
"""Name of the stream of frames."""


@plan
def measure_blank(
    detector: Readable[Any],
    *,
    frames: int = 20,
    exposure: float = 1.0,
    shutter: Movable[Any] | None = None,
    readables: Sequence[Readable[Any]] = (),
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Expose the empty cell; ``operando blank`` makes a blank of the run.

    As many counts as the patterns have that it is to be taken off, at least, or its noise is theirs. Nothing is done to
    pressure, temperature or cell.

    Parameters
    ----------
    detector : Readable
        Takes a frame a trigger, with monitor and diode beside it.
    frames : int
        How many.
    exposure : float
        s, of each.
    shutter : Movable, optional
        Opened first; put back where it was afterwards, also behind an error.
    readables : sequence of Readable
        Read with every frame.
    md : mapping
        Goes into the start document; the name of the sample is ``empty_cell`` if it says no other.

    Returns
    -------
    str
        Uid of the run.
    """
    for protocol in (Readable, Triggerable, Configurable):
        if not isinstance(detector, protocol):
            raise TypeError(f"measure_blank: detector = {detector!r}: a {protocol.__name__} device is wanted")
    if frames < 1 or exposure <= 0.0:
        raise RequestRefused(f"measure_blank: {frames} frames of {exposure:g} s asked; 1 or more, above 0 s")
    arguments = {"frames": frames, "exposure": exposure}
    metadata = {"plan_name": "measure_blank", "plan_args": arguments, "sample": "empty_cell", **(md or {})}

    @bpp.stage_decorator([detector])
    @bpp.run_decorator(md=metadata)
    def run() -> MsgGenerator[None]:
        for _ in range(frames):
            yield from bps.checkpoint()
            yield from bps.trigger_and_read([detector, *readables], name=STREAM)

    yield from bps.configure(detector, {"acquire_time": exposure})
    if shutter is None:
        return (yield from run())
    before = yield from bps.rd(shutter)
    yield from bps.mv(shutter, "open")
    was_open = before in (1, "open", "Open")
    return (yield from bpp.finalize_wrapper(run(), lambda: bps.mv(shutter, "open" if was_open else "closed")))
