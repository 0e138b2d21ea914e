"""Where frames are read and integrated: threads of this process, or a cluster with these threads behind it."""

import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from operando.config.reduction import Reduction
from operando.errors import ConfigurationError


def open_executor(settings: Reduction, beside: Callable[[str], Path]) -> Executor:
    """Return what a configuration names; whoever opens it shuts it down.

    Parameters
    ----------
    settings : Reduction
        ``[reduction]``.
    beside : callable
        Makes a path of the configuration absolute.

    Raises
    ------
    ConfigurationError
        Packages are missing.
    """
    threads = threads_of(settings)
    if settings.where == "local":
        return ThreadPoolExecutor(threads, thread_name_prefix="reduction")
    if missing := missing_packages(settings):
        raise ConfigurationError(f"[reduction] where = 'dask': {missing}")
    from operando.recorder.cluster import cluster_of
    from operando.recorder.scaled import Scaled

    return Scaled(cluster_of(settings, beside), threads, settings.patience_s, _is_whole)


def missing_packages(settings: Reduction) -> str:
    """Return in words what must be installed; empty where nothing is missing."""
    wanted = ["distributed"] if settings.where == "dask" else []
    wanted += ["dask_jobqueue", "cryptography"] if settings.slurm is not None else []
    missing = [package for package in wanted if find_spec(package) is None]
    return f"{', '.join(missing)} not installed; pip install 'operando[dask]'" if missing else ""


def threads_of(settings: Reduction) -> int:
    """Return how many threads integrate in this process: one core is left to what writes the file."""
    return settings.threads or max(1, len(os.sched_getaffinity(0)) - 1)


def state_of(executor: Executor | None) -> str:
    """Return in words where frames are integrated now."""
    return str(getattr(executor, "state", "here"))


def _is_whole(result: Any) -> bool:
    """Whether a cluster's answer needs no second look: another host may not see a file, or see an old state of it."""
    return not getattr(result, "reason", "") and getattr(result, "end_ns", 0) is not None
