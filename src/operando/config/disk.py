"""Tables of what the disks and the recorder must have left for exposures to go on."""

from typing import Self

from pydantic import model_validator

from operando.config._model import Positive, Table


class Disk(Table):
    """``[disk]``: free space wanted for data, journals and environment log, each on its own disk."""

    warn_below_GB: Positive = 10.0
    pause_below_GB: Positive = 1.0
    """Exposures wait below this; the cell does not."""
    resume_above_GB: Positive = 2.0

    @property
    def limits(self) -> tuple[float, float, float]:
        """GB: warn below, pause below, resume above."""
        return self.warn_below_GB, self.pause_below_GB, self.resume_above_GB

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.resume_above_GB <= self.pause_below_GB:
            raise ValueError(
                f"disk.resume_above_GB = {self.resume_above_GB:g} is not above pause_below_GB = "
                f"{self.pause_below_GB:g}; exposures would stop and go with every frame"
            )
        if self.warn_below_GB < self.pause_below_GB:
            raise ValueError(
                f"disk.warn_below_GB = {self.warn_below_GB:g} is below pause_below_GB = {self.pause_below_GB:g}; "
                "exposures would wait before anybody was warned"
            )
        return self


class Recorder(Table):
    """``[recorder]``: how far the file of record may be behind, and whether it shows what it writes."""

    max_lag_s: Positive = 120.0
    """Age of the oldest frame without a row, above which exposures wait until it is half of that."""
    display: bool = True
    """Whether patterns, waterfall and quality are shown while they are recorded."""
