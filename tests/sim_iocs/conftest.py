from collections.abc import Iterator

import pytest

from sim_iocs.running_service import Service, make_setup, serving


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all tests that leave it as they found it."""
    yield from serving(make_setup(tmp_path_factory.mktemp("endstation")))
