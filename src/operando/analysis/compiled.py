"""Functions that run as machine code and hold no lock of Python's."""

import logging
from collections.abc import Callable
from typing import Any

from numba import njit

_logger = logging.getLogger(__name__)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile at the first call with each kind of arguments, and keep the result on disk where there is a place for it.

    That place is beside the code, else in the user's cache, or what ``NUMBA_CACHE_DIR`` names. numba refuses to go on
    without one; a service whose user has no home does.
    """
    try:
        machine: Callable[..., Any] = njit(nogil=True, cache=True)(function)
    except RuntimeError as error:
        _logger.warning("%s is compiled in each process anew, for seconds: %s", function.__name__, error)
        machine = njit(nogil=True)(function)
    return machine
