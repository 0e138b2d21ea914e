"""A beamline for each family of detectors, and a client of them all; see `toy_endstation`."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from toy_endstation import Worker, client, process, pytest_pyfunc_call

from operando.endstation.ports import free_port

__all__ = ["client", "pytest_pyfunc_call", "worker"]

FAMILIES = ("pilatus", "eiger", "perkin_elmer")


@pytest.fixture(scope="package")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    service, *beamlines = (free_port() for _ in range(1 + len(FAMILIES)))
    with ExitStack() as running:
        running.enter_context(process("toy_service.py", str(service)))
        for family, port in zip(FAMILIES, beamlines, strict=True):
            folder = str(tmp_path_factory.mktemp(family))
            running.enter_context(process("toy_beamline.py", str(port), folder, family))
        addresses = " ".join(f"127.0.0.1:{port}" for port in (service, *beamlines))
        variables = {"EPICS_CA_ADDR_LIST": addresses, "EPICS_CA_AUTO_ADDR_LIST": "NO"}
        yield Worker(running.enter_context(process("toy_client.py", **variables)))
