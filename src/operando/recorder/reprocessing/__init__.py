"""Runs reduced again after the beamtime, beside what the recorder wrote."""

from operando.recorder.reprocessing.again import reprocess
from operando.recorder.reprocessing.calibration import Calibration
from operando.recorder.reprocessing.manner import Manner, Reprocessed
from operando.recorder.reprocessing.wishes import Wishes

__all__ = ["Calibration", "Manner", "Reprocessed", "Wishes", "reprocess"]
