"""Table of what a frame must be like, and what the monitors read in the dark."""

from operando.config._model import NotNegative, Positive, Table


class QualityLimits(Table):
    """``[quality]``: limits beyond which a frame raises an alarm; what is not given is not judged."""

    beam_off_below_per_s: Positive | None = None
    """Counts per second of the incident monitor, above its dark."""
    beam_off_below_mA: Positive | None = None
    """Ring current; asked where there is no monitor."""
    monitor_dark_per_s: NotNegative = 0.0
    diode_dark_per_s: NotNegative = 0.0
    saturated_pixels_above: NotNegative | None = None
    spottiness_above: Positive | None = None
    change_above: Positive | None = None
    """1 - Pearson's r against the pattern before."""
