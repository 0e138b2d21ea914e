"""The EPICS records of looks: each fact and each array of a look has a record of its own, where one is listed here."""

import math

from operando.live import Look
from operando.live.waterfall import BINS as WATERFALL_BINS
from operando.live.waterfall import ROWS as WATERFALL_ROWS
from operando.recorder.instants import NS
from operando.recorder.looks import CAKE_BINS, CAKE_SECTORS, PATTERN_BINS
from operando.records import RecordServer, RecordSpec
from operando.vocabulary import Quality


def _array(name: str, length: int, description: str) -> RecordSpec:
    return RecordSpec(name, "waveform", "", 4, description, length=length)


def _text(name: str, description: str, length: int = 64) -> RecordSpec:
    return RecordSpec(name, "text", "", 0, description, length=length)


SPECS = (
    _array("LIVE:PATTERN:INTENSITY", PATTERN_BINS, "latest pattern, decimated"),
    _array("LIVE:PATTERN:RADIAL", PATTERN_BINS, "its axis"),
    _text("LIVE:PATTERN:UNIT", "unit of the axis, in pyFAI's words"),
    _text("LIVE:PATTERN:RUN", "uid of the run"),
    RecordSpec("LIVE:PATTERN:ROW", "integer", "", 0, "row in the file of record, from 0"),
    RecordSpec("LIVE:PATTERN:NUMBER", "integer", "", 0, "frame number of the detector"),
    RecordSpec("LIVE:PATTERN:TIME", "float", "s", 3, "middle of the exposure since run start"),
    _array("LIVE:WATERFALL:INTENSITY", WATERFALL_ROWS * WATERFALL_BINS, "patterns of the run, row after row"),
    _array("LIVE:WATERFALL:TIME", WATERFALL_ROWS, "of each row, s since run start"),
    _array("LIVE:WATERFALL:RADIAL", WATERFALL_BINS, "of each bin"),
    RecordSpec("LIVE:WATERFALL:STRIDE", "integer", "", 0, "frames from one row to the next"),
    _array("LIVE:CAKE:INTENSITY", CAKE_SECTORS * CAKE_BINS, "latest cake, sector after sector"),
    _array("LIVE:CAKE:AZIMUTH", CAKE_SECTORS, "of each sector, degrees"),
    _array("LIVE:CAKE:RADIAL", CAKE_BINS, "of each bin"),
    RecordSpec("LIVE:QUALITY:COUNTS_TOTAL", "float", "", 0, "counts in the pixels of the pattern"),
    RecordSpec("LIVE:QUALITY:COUNTS_OVER_MONITOR", "float", "", 6, "those over the monitor's counts"),
    RecordSpec("LIVE:QUALITY:SATURATED_PIXELS", "integer", "", 0, "pixels left out of the frame"),
    RecordSpec("LIVE:QUALITY:SPOTTINESS", "float", "", 4, "unevenness along the rings: few grains"),
    RecordSpec("LIVE:QUALITY:TEXTURE", "float", "", 4, "unevenness that neighbours share"),
    RecordSpec("LIVE:QUALITY:CHANGE_PREVIOUS", "float", "", 5, "1 - Pearson r to the pattern before"),
    RecordSpec("LIVE:QUALITY:CHANGE_FIRST", "float", "", 5, "1 - Pearson r to the first pattern"),
    RecordSpec("LIVE:QUALITY:TRANSMISSION", "float", "", 4, "diode over monitor"),
    RecordSpec("LIVE:QUALITY:BEAM_OFF", "flag", "", 0, "there was no beam during the exposure"),
    _text("LIVE:QUALITY:STATE", "good, warning, or missing: no pattern"),
    _text("LIVE:QUALITY:REASON", "why, with value and limit", 1024),
)


def _facts() -> dict[str, list[tuple[str, str, str]]]:
    """Return the records of the facts of each look: name, key, kind."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for spec in SPECS:
        if spec.kind != "waveform":
            _, look, key = spec.name.lower().split(":")
            found.setdefault(look, []).append((spec.name, key, spec.kind))
    return found


_FACTS = _facts()


class LookRecords:
    """Publishes looks under the time of their exposure.

    Parameters
    ----------
    server : RecordServer
        With `SPECS`.
    """

    def __init__(self, server: RecordServer) -> None:
        self._server = server

    def __call__(self, look: Look) -> None:
        """Publish what of a look has a record; a number that it does not give is not known any more."""
        time_ns = _time_ns(look)
        warned = look.facts.get("state", "good") != "good"
        for key, array in look.arrays.items():
            self._server.publish(f"LIVE:{look.name}:{key}".upper(), array, time_ns)
        for name, key, kind in _FACTS.get(look.name, ()):
            value = look.facts.get(key)
            if value is None or unknown(kind, value):
                self._server.publish(name, "" if kind == "text" else math.nan, time_ns, Quality.INVALID)
            else:
                alarming = warned and key in ("state", "reason")
                self._server.publish(name, value, time_ns, Quality.SUSPECT if alarming else Quality.GOOD)


def unknown(kind: str, value: object) -> bool:
    """Return whether a number says that nobody knows: not a number, or the −1 of what is counted."""
    if kind in ("integer", "flag"):
        return isinstance(value, int) and value < 0
    return isinstance(value, float) and math.isnan(value)


def _time_ns(look: Look) -> int | None:
    """Return when the exposure was, UTC in ns; None where that is not known."""
    start, time = look.facts.get("start_ns"), look.facts.get("time")
    if not isinstance(start, int) or not isinstance(time, float) or not math.isfinite(time):
        return None
    return start + round(time * NS)
