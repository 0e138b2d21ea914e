"""How often the heater controller's memory was written, over all services that ever ran here."""

from collections.abc import Callable

from operando.vocabulary import Reading

ENDURED = 100_000
"""Writes (3200 series engineering handbook HA028651)."""
WARNED_EVERY = 10_000
"""Writes between two lines in the log, once four fifths are used up."""


class Wear:
    """Counts on from what the environment log has.

    Parameters
    ----------
    before : Reading or None
        The last count in the log.
    publish : callable
        Takes the name of a logged quantity and its reading.
    note : callable
        Takes a line for the service's log.
    """

    def __init__(
        self, before: Reading | None, publish: Callable[[str, Reading], None], note: Callable[[str], None]
    ) -> None:
        self._before = round(before.value) if before else 0
        self._publish = publish
        self._note = note
        self._told = -1

    def see(self, writes: int, time_ns: int) -> None:
        """Tell the count where it is another: ``writes`` since this service began."""
        if (total := self._before + writes) == self._told:
            return
        if total >= 0.8 * ENDURED and total // WARNED_EVERY != self._told // WARNED_EVERY:
            self._note(f"heater: its memory was written {total} times; it endures about {ENDURED}")
        self._told = total
        self._publish("heater_writes", Reading(float(total), time_ns))
