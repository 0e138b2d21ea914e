"""What dask leaves in a process on purpose is ended, too: a thread for large messages."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_thread_of_dask_is_left() -> Iterator[None]:
    yield
    if utilities := sys.modules.get("distributed.utils"):
        utilities._offload_executor.shutdown()
        utilities._offload_executor = ThreadPoolExecutor(1, "Dask-Offload")
