"""The kinds of step of the programme language, and loops of them."""

from typing import Annotated, Literal

from pydantic import Field

from operando.config._model import Positive, Table
from operando.config.programme.amounts import (
    AppliedCurrent,
    ChargeEnd,
    CurrentLimit,
    Modulation,
    OtherEnds,
    Potential,
    Taper,
    VoltageEnds,
)

LONGEST = 2_592_000.0
"""s, 30 days: no step is longer."""
Duration = Annotated[float, Field(gt=0, le=LONGEST)]
Interval = Annotated[float, Field(ge=0.05, le=3600)]
"""s between two samples."""


class Named(Table):
    """What every step may say."""

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = None
    """Without one a step is called after its kind."""
    sample_interval_s: Interval | None = None
    """s between two samples; without it that of the programme."""


class Rest(Named, VoltageEnds, OtherEnds):
    """The cell is at open circuit."""

    kind: Literal["rest"]


class ConstantCurrent(Named, AppliedCurrent, VoltageEnds, ChargeEnd, OtherEnds):
    """A current flows; above zero it charges the cell."""

    kind: Literal["constant_current"]


class ConstantVoltage(Named, CurrentLimit, Taper, ChargeEnd, OtherEnds):
    """A voltage is held."""

    kind: Literal["constant_voltage"]
    voltage: Potential


class CurrentThenVoltage(Named, AppliedCurrent, Taper):
    """A current up (or down) to a voltage, which is then held: two steps."""

    kind: Literal["cc_cv"]
    voltage: Potential
    current_time_s: Duration | None = None
    """Of the part at constant current, at most."""
    hold_time_s: Duration | None = None
    """Of the part at constant voltage, at most."""


class Gitt(Named, AppliedCurrent, VoltageEnds):
    """Pulses of a current, a rest behind each: a loop of two steps. A pulse at its voltage end is over at once."""

    kind: Literal["gitt"]
    pulses: Annotated[int, Field(ge=1, le=100_000)]
    pulse_time_s: Duration
    rest_time_s: Duration


class VoltageRamp(Named, CurrentLimit):
    """A voltage that changes at a constant rate."""

    kind: Literal["voltage_ramp"]
    begin: Potential | None = None
    """Without one it begins where the cell is at open circuit."""
    end: Potential
    rate_mV_per_s: Positive
    until_time_s: Duration | None = None


class Spectrum(Named):
    """What both impedance spectra say; measured from the high to the low frequency."""

    high_frequency_Hz: Positive
    low_frequency_Hz: Positive
    points_per_decade: Annotated[int, Field(ge=1, le=100)] = 10
    until_time_s: Duration | None = None


class Eis(Spectrum, CurrentLimit):
    """An impedance spectrum with a modulated voltage."""

    kind: Literal["eis"]
    amplitude_mV: Annotated[float, Field(gt=0, le=250)]
    """Rms."""
    bias: Potential | None = None
    """Without one: the voltage at open circuit."""


class Geis(Spectrum, Modulation):
    """An impedance spectrum with a modulated current."""

    kind: Literal["geis"]


class Loop(Table):
    """Steps that are done several times."""

    kind: Literal["loop"]
    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = None
    passes: Annotated[int, Field(ge=1, le=100_000)]
    cycles: bool | None = None
    """A pass counts as a cycle. Without a word the outermost loops count."""
    steps: Annotated[list["AnyStep"], Field(min_length=1)]


AnyStep = Annotated[
    Rest | ConstantCurrent | ConstantVoltage | CurrentThenVoltage | Gitt | VoltageRamp | Eis | Geis | Loop,
    Field(discriminator="kind"),
]
KINDS: dict[str, type[Table]] = {
    "rest": Rest,
    "constant_current": ConstantCurrent,
    "constant_voltage": ConstantVoltage,
    "cc_cv": CurrentThenVoltage,
    "gitt": Gitt,
    "voltage_ramp": VoltageRamp,
    "eis": Eis,
    "geis": Geis,
    "loop": Loop,
}
Loop.model_rebuild()
