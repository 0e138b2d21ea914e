"""Ophyd devices over the endstation's EPICS records."""

from operando.devices.frame_detector import FrameDetector
from operando.devices.heater import Heater
from operando.devices.potentiostat import Potentiostat
from operando.devices.ring_current import RingCurrent
from operando.devices.sample_stage import SampleStage
from operando.devices.shutter import Shutter
from operando.devices.stack_pressure import StackPressure

__all__ = ["FrameDetector", "Heater", "Potentiostat", "RingCurrent", "SampleStage", "Shutter", "StackPressure"]
