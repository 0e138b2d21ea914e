"""An executor without threads: what is submitted is done at once, by whoever submits it."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class Inline(Executor):
    """Runs everything in the thread that submits it; a recorder driven step by step depends on no other."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it; return a future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as every executor: it is raised by the future's `result`
            future.set_exception(error)
        return future
