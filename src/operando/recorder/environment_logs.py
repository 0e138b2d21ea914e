"""The logs of the sample environment in a file of record, by quantity."""

from collections.abc import Iterator

import h5py

from operando.recorder.environments import channel_of
from operando.recorder.pattern_entry import is_reprocessed
from operando.recorder.tree import entries, groups_of, nx_class, subgroups, text_of
from operando.vocabulary import QUANTITY

MEASURED = {"pressure": "stack_pressure", "temperature": "temperature", "voltage": "voltage", "current": "current"}
"""What the sensor of an environment measures → the quantity of its log."""


def environment_logs(file: h5py.File) -> Iterator[tuple[str, h5py.Group]]:
    """Yield the name of each logged quantity, with its NXlog, once: as it was recorded."""
    seen = set()
    for entry in entries(file):
        for quantity, log in () if is_reprocessed(entry) else logs_below(entry):
            if quantity not in seen:
                seen.add(quantity)
                yield quantity, log


def logs_below(entry: h5py.Group) -> Iterator[tuple[str, h5py.Group]]:
    """Yield the name of each quantity that is logged in an entry, with its NXlog, once."""
    seen = set()
    for environment in groups_of(entry, "NXenvironment"):
        for quantity, log in _of(environment):
            if quantity not in seen:
                seen.add(quantity)
                yield quantity, log


def _of(environment: h5py.Group) -> Iterator[tuple[str, h5py.Group]]:
    """Yield the logs of sensors, and those that bear the name of their quantity; a regulator links to others again."""
    suffix = channel_of(environment.name.rsplit("/", 1)[-1])
    for place in subgroups(environment):
        name = place.name.rsplit("/", 1)[-1].removesuffix("_log")
        if nx_class(place) == "NXlog" and name in QUANTITY:
            yield name + suffix, place
        elif nx_class(place) == "NXsensor" and isinstance(place.get("value_log"), h5py.Group):
            quantity = MEASURED.get(text_of(place["measurement"])) if "measurement" in place else None
            if quantity is not None:
                yield quantity + suffix, place["value_log"]
