"""What differs between detectors behind areaDetector: a table, in place of a class each.

What their pixels can hold: `operando.vocabulary.DETECTOR_PIXELS`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from operando.errors import InstrumentRefused
from operando.vocabulary import Flight


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorFamily:
    """A family of detectors, as its areaDetector driver shows it.

    Parameters
    ----------
    internal : str
        TriggerMode in which the detector starts by itself.
    external : str
        TriggerMode in which a pulse starts each frame; empty where the driver has none.
    dead_time : float
        s between two exposures during which nothing is counted.
    shortest : float
        s, exposure that the detector can make.
    settings : mapping
        Further records of ``cam1`` and what they must be, so that frames come to the file plugin, and come raw.
    """

    internal: str
    external: str
    dead_time: float
    shortest: float = 0.0
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def check_flight(self, name: str, asked: Flight) -> Flight:
        """Return what is asked with its true period; refuse what the detector cannot do.

        Raises
        ------
        InstrumentRefused
            Says what was asked and what is possible.
        """
        exposure = float(asked.exposure)
        least = exposure + self.dead_time
        period = float(asked.period or least)
        if asked.frames < 1:
            raise InstrumentRefused(f"{name}: a flight of {asked.frames} frames asked; 1 or more")
        if exposure <= 0.0 or exposure < self.shortest:
            limit = f"more than 0 s and no less than {self.shortest:g} s is possible"
            raise InstrumentRefused(f"{name}: an exposure of {exposure:g} s asked, {limit}; nothing was exposed")
        if period < least * (1.0 - 1e-6):
            raise InstrumentRefused(
                f"{name}: a frame every {period:g} s asked, with {exposure:g} s of exposure and a dead time of "
                f"{self.dead_time:g} s no less than {least:g} s is possible; nothing was exposed"
            )
        return Flight(asked.frames, exposure, period)


FAMILIES: Mapping[str, DetectorFamily] = MappingProxyType(
    {
        "simulated": DetectorFamily(
            internal="Internal",
            external="External",
            dead_time=0.00095,
        ),
        # ADPilatus, pilatus.template; DECTRIS, Pilatus3 technical specification: readout 0.95 ms
        "pilatus": DetectorFamily(
            internal="Internal",
            external="Mult. Trigger",
            dead_time=0.00095,
        ),
        # ADEiger, eigerBase.template: frames come to the plugins from the stream or the detector's own files
        "eiger": DetectorFamily(
            internal="Internal Series",
            external="External Enable",
            dead_time=1e-5,
            settings=MappingProxyType({"ManualTrigger": "Disable", "DataSource": "Stream"}),
        ),
        # ADPerkinElmer, PerkinElmer.template: it corrects frames itself unless told not to; the raw ones are kept
        "perkin_elmer": DetectorFamily(
            internal="Internal",
            external="External",
            dead_time=0.0,
            shortest=0.0665,  # its shortest PEDwellTime
            settings=MappingProxyType(
                {"PEUseOffset": "Disable", "PEUseGain": "Disable", "PEUsePixelCorrection": "Disable"}
            ),
        ),
    }
)
"""By the name in ``[detector] family``."""
