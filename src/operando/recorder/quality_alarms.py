"""What of a frame somebody at the beamline should look at now."""

import math
from collections.abc import Mapping
from typing import Any

from operando.recorder.run import Run

_LIMITS = (
    ("saturated_pixels", "saturated_pixels_above", "{value:.0f} saturated pixels, {limit:g} are allowed"),
    ("spottiness", "spottiness_above", "spottiness {value:.2g}, above {limit:g}: few grains in the beam"),
    ("change_previous", "change_above", "pattern changed by {value:.2g} in one frame, above {limit:g}"),
)


def alarms(run: Run, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is beyond the limits of ``[quality]``, in words; nothing where all is well.

    Parameters
    ----------
    run : Run
        Whose configuration holds the limits.
    row : mapping
        The columns of a frame.
    """
    if row.get("beam_off") == 1:
        return (_beam_off(run, row),)
    found = []
    for column, key, words in _LIMITS:
        limit, value = run.setting("quality", key), row.get(column)
        if limit is not None and value is not None and value > limit:
            found.append(f"{words.format(value=value, limit=limit)} ([quality] {key})")
    return tuple(found)


def _beam_off(run: Run, row: Mapping[str, Any]) -> str:
    """Say by what it was judged: the monitor, or where it says nothing the ring."""
    seconds = row.get("exposure_end", math.nan) - row.get("exposure_start", math.nan)
    judged = (
        (row.get("incident_monitor", math.nan) / seconds, "counts/s", "beam_off_below_per_s"),
        (row.get("ring_current", math.nan), "mA", "beam_off_below_mA"),
    )
    for value, unit, key in judged:
        limit = run.setting("quality", key)
        if limit is not None and math.isfinite(value):
            return f"beam off: {value:.4g} {unit}, below {limit:g} ([quality] {key})"
    return "beam off"
