"""What is on the screen while a run goes on: looks at the newest results, and the feed that carries them.

A display is decimated, at most five times a second, and the first thing that is dropped when there is more to do.
"""

from operando.live.client import LiveFeed
from operando.live.decimation import decimated
from operando.live.feed import Feed
from operando.live.look import Look, decode, encode
from operando.live.pace import Pace
from operando.live.waterfall import Waterfall

__all__ = ["Feed", "LiveFeed", "Look", "Pace", "Waterfall", "decimated", "decode", "encode"]
