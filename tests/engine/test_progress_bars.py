"""Bars of waits that begin and end inside each other."""

import io

from ophyd.status import Status
from rich.console import Console

from operando.engine.progress import ProgressBars


class Watched(Status):
    def watch(self, watcher: object) -> None:
        self.report = watcher


def bars() -> tuple[ProgressBars, io.StringIO]:
    terminal = io.StringIO()
    return ProgressBars(Console(file=terminal, force_terminal=True, width=100)), terminal


def test_a_move_shows_where_it_is_and_goes(capfd: object) -> None:
    shown, terminal = bars()
    move = Watched()
    shown.wait([move])
    move.report(name="stack_pressure", current=84.5, initial=84.0, target=85.0, unit="MPa", precision=2, fraction=0.5)
    assert "stack_pressure  84.50 → 85.00 MPa" in terminal.getvalue()
    move.set_finished()
    shown.wait(None)
    assert shown._bars is None


def test_a_programme_stays_on_the_screen_while_frames_are_waited_for() -> None:
    shown, terminal = bars()
    programme, frame = Watched(), Watched()
    shown.wait([programme])
    programme.report(name="cell programme: cycle 1, step 2", current=3.2, unit="V", precision=3)
    shown.wait([frame])
    frame.set_finished()
    shown.wait(None)
    assert shown._bars is not None
    assert "cell programme: cycle 1, step 2  3.200 V" in terminal.getvalue()
    shown.change("paused", "running")
    assert shown._bars is None
    programme.report(name="cell programme: cycle 1, step 2", current=3.3, unit="V", precision=3)
    assert "3.300 V" in terminal.getvalue()
    shown.change("idle", "running")
    assert shown._bars is None


def test_a_status_that_says_nothing_gets_no_bar() -> None:
    shown, terminal = bars()
    shown.wait([Status()])
    shown.wait([Watched()])
    assert terminal.getvalue() == ""
    shown.change("idle", "running")
