"""What of a frame somebody at the beamline should look at now."""

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
    monitor, ring = row.get("incident_monitor"), row.get("ring_current")
    counted = "" if monitor is None else f"the monitor counted {monitor:.0f}"
    stored = "" if ring is None else f"{ring:.1f} mA in the ring"
    return f"beam off: {', '.join(filter(None, (counted, stored)))} ([quality] beam_off_below)"
