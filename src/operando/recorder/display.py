"""What the recorder shows while it records: latest pattern, cake, waterfall and quality, as records and on the feed.

Everything here may be left out: what is due waits while frames do, and nothing in a file depends on it.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from operando.live import Look, Pace, Waterfall
from operando.recorder.looks import Shown, Stored, cake_look, pattern_look, quality_look, waterfall_look

Show = Callable[[Look], None]

_logger = logging.getLogger(__name__)


class Display:
    """Shows what the newest recording has come to, when there is time for it.

    Parameters
    ----------
    clock : callable
        s, monotonic.
    show : sequence of callable
        Each takes a look; without any, none is made.
    """

    def __init__(self, clock: Callable[[], float], show: Sequence[Show]) -> None:
        self._pace = Pace(clock)
        self._show = tuple(show)
        self._run = ""
        self._row = -1
        self._waterfall = Waterfall()
        self._is_out_of_reach = False

    def show_if_due(self, recording: Shown | None, busy: bool) -> bool:
        """Show what is new, if it is time to; return whether anything was shown.

        Parameters
        ----------
        recording : Shown or None
            The one that was last worked on.
        busy : bool
            There are frames to be worked on at this moment.
        """
        if not self._show or recording is None or recording.patterns is None or not self._pace.due(busy):
            return False
        self._pace.begin()
        try:
            looks = self._looks(recording, recording.patterns)
            for look in looks:
                for show in self._show:
                    show(look)
        except Exception:
            # The outermost frame of the display: whatever is wrong with a picture, the record goes on.
            _logger.exception("display: nothing is shown any more until the recorder is started again")
            self._show = ()
            return False
        self._pace.end()
        return bool(looks)

    def _looks(self, recording: Shown, patterns: Stored) -> list[Look]:
        """Return what has changed since the last time."""
        if recording.run.uid != self._run:
            self._run, self._row, self._waterfall = recording.run.uid, -1, Waterfall()
            self._is_out_of_reach = False
        looks = []
        if recording.latest and recording.length - 1 != self._row:
            self._row = recording.length - 1
            looks.append(quality_look(recording))
            if recording.latest.get("I") is not None:
                looks.append(pattern_look(recording, patterns.radial))
            if recording.latest.get("cake") is not None and patterns.azimuth is not None:
                looks.append(cake_look(recording, patterns.radial, patterns.azimuth))
        if self._fallen(recording, patterns):
            looks.append(waterfall_look(recording, self._waterfall, patterns.radial))
        return looks

    def _fallen(self, recording: Shown, patterns: Stored) -> bool:
        """Let the waterfall grow, also by the last rows of a run that is just over; return whether it did."""
        if patterns.is_open:
            return self._waterfall.grow(patterns.length, patterns.stored)
        if not recording.finished or self._is_out_of_reach:
            return False
        try:
            return self._waterfall.grow(recording.length, partial(patterns.stored_in, recording.path))
        except (OSError, KeyError) as error:
            _logger.info("display: %s: %s; the waterfall stays as it is", recording.path, error)
            self._is_out_of_reach = True
            return False
