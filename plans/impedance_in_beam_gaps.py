"""Impedance spectra while there is no beam anyway."""

import time
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.protocols import Readable
from bluesky.utils import MsgGenerator, plan

from operando.errors import RequestRefused
from operando.plans.inserting import inserted
from operando.plans.programmed_cell import ProgrammedCell, ask, check_cell, measurement_done, wait_out
from operando.vocabulary import CellEvent, Impedance, Next

OPEN = (1, "open", "Open")
"""What the reading of an open shutter is."""


@plan
def impedance_in_beam_gaps(
    frames: Any,
    potentiostat: ProgrammedCell,
    beam: Readable[Any],
    *,
    below: float,
    shutter: Any = None,
    patience: float | None = None,
) -> MsgGenerator[Any]:
    """Do a plan, and have the spectra of the cell programme measured in the gaps of the beam.

    The programme has a step that waits for a measurement (a rest with ``until_measurement = true``) right before each
    spectrum. As soon as one waits and the beam is away, at a checkpoint of the plan, that step is ended; the plan goes
    on when the spectrum has ended, also where a limit of its step ends it.

    Parameters
    ----------
    frames : iterable of Msg
        Any plan; `operando_cycle` has a checkpoint each second.
    potentiostat : ProgrammedCell
        Of the cell.
    beam : Readable
        One number: ring current, s to the next top-up, state of the shutter.
    below : float
        The beam is away while that number is less, in its unit.
    shutter : device, optional
        Closed while a spectrum is measured, and opened again behind it if it was open: the sample is spared the dose.
    patience : float, optional
        s after which a spectrum is measured although the beam is there; with a shutter this makes the gap.

    Returns
    -------
    Any
        What the plan returns.
    """
    check_cell("impedance_in_beam_gaps", potentiostat)
    if not isinstance(beam, Readable):
        raise TypeError(f"impedance_in_beam_gaps: beam = {beam!r}: a Readable is wanted; nothing is done")
    if patience is not None and patience < 0.0:
        raise RequestRefused(f"impedance_in_beam_gaps: patience = {patience:g} s; no less than 0 is wanted")
    waits_since: float | None = None

    def look() -> MsgGenerator[None]:
        nonlocal waits_since
        if (yield from bps.rd(potentiostat.measurement)) != Impedance.kind:
            waits_since = None
            return
        now = time.monotonic()
        waits_since = now if waits_since is None else waits_since
        impatient = patience is not None and now - waits_since >= patience
        if impatient or (yield from bps.rd(beam)) < below:
            waits_since = None
            yield from _measure(potentiostat, shutter)

    return (yield from inserted(frames, behind=lambda msg: look() if msg.command == "checkpoint" else None))


def _measure(potentiostat: ProgrammedCell, shutter: Any) -> MsgGenerator[None]:
    """End the step that waits, and wait for the end of the spectrum behind it, in the dark."""
    lit = shutter is not None and (yield from bps.rd(shutter)) in OPEN

    def measure() -> MsgGenerator[None]:
        if lit:
            yield from bps.abs_set(shutter, "closed", wait=True)
        spectrum = Next(CellEvent.SPECTRUM_MEASURED)
        waiting = yield from ask(potentiostat, spectrum)
        yield from measurement_done(potentiostat)
        yield from wait_out(potentiostat, spectrum, waiting)

    def light() -> MsgGenerator[None]:
        if lit:
            yield from bps.abs_set(shutter, "open", wait=True)

    yield from bpp.finalize_wrapper(measure(), light)
    yield from bps.checkpoint()
