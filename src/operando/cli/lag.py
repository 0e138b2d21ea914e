"""Watch how far the recorder is behind while a run goes on."""

from types import TracebackType
from typing import Any, Self


class LagWatch:
    """The largest value that ``RECORDER:LAG`` showed while this was open.

    Parameters
    ----------
    prefix : str
        Of the endstation's records.
    """

    def __init__(self, prefix: str) -> None:
        self._name = f"{prefix}RECORDER:LAG"
        self.largest = 0.0
        """s."""

    def __enter__(self) -> Self:
        import epics

        self._record = epics.PV(self._name, callback=self._seen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._record.disconnect()

    def _seen(self, value: float, **_: Any) -> None:
        self.largest = max(self.largest, float(value))
