"""Looks as text, for a terminal."""

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.live.decimation import decimated
from operando.live.look import Look

EIGHTHS = " ▁▂▃▄▅▆▇█"
SHADES = " .:-=+*#%@"
LABEL = 10
"""Characters left of a picture."""
LEAST_WIDTH = 40
UNITS = {"q_nm^-1": "q, 1/nm", "2th_deg": "2θ, °", "d_A": "d, Å"}
QUALITY = {
    "counts_total": ("counts", "{:.4g}"),
    "counts_over_monitor": ("over monitor", "{:.4g}"),
    "saturated_pixels": ("saturated pixels", "{:.0f}"),
    "spottiness": ("spottiness", "{:.3f}"),
    "texture": ("texture", "{:.3f}"),
    "change_previous": ("change", "{:.4f}"),
    "change_first": ("since the first", "{:.4f}"),
    "transmission": ("transmission", "{:.4f}"),
    "lattice_a": ("a, Å", "{:.5f}"),
    "lattice_c": ("c, Å", "{:.5f}"),
}


def drawn(looks: Mapping[str, Look], width: int, height: int) -> str:
    """Return the newest looks as lines of text.

    Parameters
    ----------
    looks : mapping
        By name; what is not there is not drawn.
    width, height : int
        Characters and lines of the terminal.
    """
    width = max(width, LEAST_WIDTH)
    inside = width - LABEL
    lines = []
    if head := looks.get("quality") or looks.get("pattern"):
        lines.append(_title(head))
    if health := looks.get("health"):
        lines.append(_health(health))
    if quality := looks.get("quality"):
        lines += _quality(quality)
    lines = [piece for line in lines for piece in wrap(line, width)]
    free = max(10, height - len(lines) - 6)
    if pattern := looks.get("pattern"):
        lines += ["", *_pattern(pattern, inside, free // 2)]
    if waterfall := looks.get("waterfall"):
        lines += ["", *_waterfall(waterfall, inside, free - free // 2)]
    return "\n".join(lines)


def _title(look: Look) -> str:
    facts = look.facts
    time = facts.get("time")
    when = f", {time:.1f} s into the run" if isinstance(time, float) else ""
    return f"scan {facts.get('scan_id')}  run {str(facts.get('run'))[:8]}  frame {facts.get('row')}{when}"


def _health(look: Look) -> str:
    facts = look.facts
    words = f"recorder {facts.get('state')}: {facts.get('frames', 0)} frames, lag {_number(facts.get('lag')):.1f} s"
    for name in ("failed", "late"):
        if facts.get(name):
            words += f", {facts[name]} {name}"
    if facts.get("reduction") not in (None, "", "here"):
        words += f"; reduction: {facts['reduction']}"
    return words + (f"; {facts['reason']}" if facts.get("reason") else "")


def _quality(look: Look) -> list[str]:
    facts = look.facts
    shown = [f"{word} {form.format(facts[name])}" for name, (word, form) in QUALITY.items() if _known(facts.get(name))]
    lines = [", ".join(shown)] if shown else []
    if facts.get("state") not in (None, "good"):
        lines.append(f"{str(facts['state']).upper()}: {facts.get('reason')}")
    return lines


def _pattern(look: Look, width: int, height: int) -> list[str]:
    """Draw bars, logarithmic from the lowest to the highest."""
    radial, intensity = look.arrays["radial"], look.arrays["intensity"]
    values = _columns(intensity, width)
    low, high = _span(values)
    levels = _level(values, low, high) * 8 * height
    lines = []
    for line in range(height - 1, -1, -1):
        eighths = np.clip(np.nan_to_num(levels) - 8 * line, 0, 8).astype(int)
        label = f"{high:.3g}" if line == height - 1 else f"{low:.3g}" if line == 0 else ""
        lines.append(f"{label:>{LABEL - 1}} " + "".join(EIGHTHS[each] for each in eighths))
    return [*lines, _axis(radial, len(values), str(look.facts.get("unit")))]


def _waterfall(look: Look, width: int, height: int) -> list[str]:
    """Draw shades, the newest line below."""
    intensity, time = look.arrays["intensity"], look.arrays["time"]
    if not intensity.size:
        return []
    rows = decimated(intensity, height, axis=0)
    times = decimated(time, height)
    values = np.array([_columns(row, width) for row in rows])
    levels = np.nan_to_num(_level(values, *_span(values))) * (len(SHADES) - 1)
    lines = [
        f"{when:>{LABEL - 3}.0f} s " + "".join(SHADES[int(each)] for each in row)
        for when, row in zip(times, levels, strict=True)
    ]
    return [*lines, _axis(look.arrays["radial"], values.shape[1], str(look.facts.get("unit")))]


def _columns(values: NDArray[Any], width: int) -> NDArray[np.float64]:
    """Return the highest of each group of neighbours: a narrow line must not vanish."""
    edges = np.linspace(0, len(values), min(width, len(values)) + 1).astype(int)
    highest: NDArray[np.float64] = np.maximum.reduceat(np.asarray(values, np.float64), edges[:-1])
    return highest


def _span(values: NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values) & (values > 0)]
    if not known.size:
        return 1.0, 1.0
    return max(float(known.min()), float(known.max()) * 1e-4), float(known.max())


def _level(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Return 0 to 1 between two intensities, by their logarithm."""
    if high <= low:
        return np.where(values > 0, 1.0, 0.0)
    level: NDArray[np.float64] = np.log(np.clip(values, low, high) / low) / np.log(high / low)
    return level


def _axis(radial: NDArray[Any], width: int, unit: str) -> str:
    left, right = f"{radial[0]:.4g}", f"{radial[-1]:.4g}"
    name = UNITS.get(unit, unit)
    return " " * LABEL + left + name.center(max(0, width - len(left) - len(right))) + right


def _known(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def facts_of(looks: Mapping[str, Look], names: Sequence[str]) -> dict[str, Any]:
    """Return what some looks say in numbers and words, under ``name_key``; arrays are left out."""
    return {f"{name}_{key}": value for name in names if name in looks for key, value in looks[name].facts.items()}
