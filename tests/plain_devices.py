"""Devices that are nothing but bluesky's protocols."""

from typing import Any

from ophyd.status import Status


def done() -> Status:
    status = Status()
    status.set_finished()
    return status


class Thing:
    """Has a name and a number."""

    parent = None

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self) -> dict[str, Any]:
        return {self.name: {"value": 1.0, "timestamp": 0.0}}

    def describe(self) -> dict[str, Any]:
        return {self.name: {"dtype": "number", "shape": [], "source": "test"}}

    def read_configuration(self) -> dict[str, Any]:
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        return {}
