"""``operando live``: what the recorder sees, in a terminal."""

import shutil
import sys
from typing import Annotated

import typer

from operando.cli.options import Json, RootOption, running_root
from operando.cli.report import report

FIRST_S = 10.0
"""s within which a recorder that runs says something."""
HOME_AND_CLEAR = "\x1b[H\x1b[J"
"""Cursor to the top left, then erase what is below (ECMA-48, CUP and ED)."""


def live(
    root: RootOption = None,
    once: Annotated[bool, typer.Option("--once", help="Show what there is, and end.")] = False,
    json: Json = False,
) -> None:
    """Show the latest pattern, the waterfall and the quality of the frames, until Ctrl-C."""
    from operando.live import LiveFeed, Look
    from operando.live.screen import drawn, facts_of

    place = running_root(root)
    if once or json:
        with LiveFeed(place.path, FIRST_S) as feed:
            seen = feed.newest()
        if json:
            report(facts_of(seen, sorted(seen)), True)
        else:
            sys.stdout.write(drawn(seen, *shutil.get_terminal_size()) + "\n")
        return
    looks: dict[str, Look] = {}
    try:
        with LiveFeed(place.path) as feed:
            for look in feed:
                looks[look.name] = look
                if look.name != "health":
                    continue  # which comes all the time, four times a second
                sys.stdout.write(HOME_AND_CLEAR + drawn(looks, *shutil.get_terminal_size()) + "\n")
                sys.stdout.flush()
    except KeyboardInterrupt:
        return
    sys.stdout.write("the recorder has ended\n")
