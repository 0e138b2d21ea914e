"""Means of what the events of a run measured, in bounded memory."""

import math
from collections.abc import Iterator, Mapping
from typing import Any


class Sensors:
    """The scalars of a run: each measured number of its descriptors, summed as events come."""

    def __init__(self) -> None:
        self._unit: dict[str, str] = {}
        self._sum: dict[str, float] = {}
        self._count: dict[str, int] = {}

    def hear(self, name: str, document: Mapping[str, Any]) -> None:
        """Take note of a descriptor, an event or a page of events."""
        if name == "descriptor":
            for key, facts in document["data_keys"].items():
                if facts.get("dtype") in ("number", "integer") and not facts.get("shape"):
                    self._unit[key] = facts.get("units") or ""
        elif name in ("event", "event_page"):
            for key, value in document["data"].items():
                if key in self._unit:
                    self._add(key, value if name == "event_page" else [value])

    def names(self) -> Iterator[str]:
        """Yield each name with its unit, as ``stack_pressure[MPa]``; no blank is in it."""
        for key in self._sum:
            unit = self._unit[key].replace(" ", "")
            yield f"{key}[{unit}]" if unit else key

    def means(self) -> Iterator[float]:
        """Yield the mean of each, in the order of the names."""
        for key, total in self._sum.items():
            yield total / self._count[key]

    def _add(self, key: str, values: list[Any]) -> None:
        for value in values:
            if isinstance(value, int | float) and math.isfinite(value):
                self._sum[key] = self._sum.get(key, 0.0) + value
                self._count[key] = self._count.get(key, 0) + 1
