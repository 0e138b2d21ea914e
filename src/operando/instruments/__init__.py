"""Wire drivers, one instrument a file, over a `Line`; what they can do is in `operando.instruments.roles`.

==============  =========================================  ===================================
role            driver                                     line
==============  =========================================  ===================================
load cell       ``DSCUSB(line, station)``                  ``SerialLine(port, DSCUSB_BAUDRATE)``
piezo amplifier ``NV200(line)``                            ``SerialLine(port, NV200_BAUDRATE)``
temperature     ``Eurotherm3216(port, address, baudrate)`` its own, Modbus RTU
potentiostat    ``EmStat4(line)``,                         ``SerialLine(port, EMSTAT4_BAUDRATE)``
                ``EmStat4(line, model=NEXUS)``
==============  =========================================  ===================================

Every call ends: with a value, or within its timeout with an `operando.errors.InstrumentError` that names the
instrument, the command and the reply.
"""

from operando.instruments.dscusb import BAUDRATE as DSCUSB_BAUDRATE
from operando.instruments.dscusb import DSCUSB
from operando.instruments.emstat4 import BAUDRATE as EMSTAT4_BAUDRATE
from operando.instruments.emstat4 import EmStat4
from operando.instruments.eurotherm3216 import Eurotherm3216
from operando.instruments.keithley2400 import BAUDRATE as KEITHLEY2400_BAUDRATE
from operando.instruments.keithley2400 import Keithley2400
from operando.instruments.line import Line, SerialLine
from operando.instruments.methodscript import NEXUS
from operando.instruments.nv200 import BAUDRATE as NV200_BAUDRATE
from operando.instruments.nv200 import NV200
from operando.instruments.roles import (
    AmplifierStatus,
    ClockReading,
    ControllerStatus,
    ImpedancePoint,
    LoadCell,
    PiezoAmplifier,
    Potentiostat,
    ProgrammeEnd,
    Said,
    Sample,
    StepEnd,
    TemperatureController,
    TemperatureReading,
)

__all__ = [
    "DSCUSB",
    "DSCUSB_BAUDRATE",
    "EMSTAT4_BAUDRATE",
    "KEITHLEY2400_BAUDRATE",
    "NEXUS",
    "NV200",
    "NV200_BAUDRATE",
    "AmplifierStatus",
    "ClockReading",
    "ControllerStatus",
    "EmStat4",
    "Eurotherm3216",
    "ImpedancePoint",
    "Keithley2400",
    "Line",
    "LoadCell",
    "PiezoAmplifier",
    "Potentiostat",
    "ProgrammeEnd",
    "Said",
    "Sample",
    "SerialLine",
    "StepEnd",
    "TemperatureController",
    "TemperatureReading",
]
