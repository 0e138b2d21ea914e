"""A RunEngine a test."""

from collections.abc import Iterator

import pytest
from bluesky import RunEngine


@pytest.fixture
def engine() -> Iterator[RunEngine]:
    made = RunEngine({})
    yield made
    if made.state != "idle":
        made.abort()
    made.loop.call_soon_threadsafe(made.loop.stop)
    made._th.join()
    made.loop.close()
