"""Tests that take ``client`` run in a process of their own; see `toy_endstation`."""

from toy_endstation import client, pytest_pyfunc_call, worker

__all__ = ["client", "pytest_pyfunc_call", "worker"]
