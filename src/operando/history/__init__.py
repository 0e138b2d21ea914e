"""The environment log: append, commit, query over an interval."""

from operando.history.log import GUARD_NS, EnvironmentLog
from operando.history.reader import EnvironmentHistory
from operando.history.realised import KeptProgramme, RealisedStep, Spectrum, SpectrumPoint
from operando.history.samples import Samples

__all__ = [
    "GUARD_NS",
    "EnvironmentHistory",
    "EnvironmentLog",
    "KeptProgramme",
    "RealisedStep",
    "Samples",
    "Spectrum",
    "SpectrumPoint",
]
