"""What the file says about the quality of each frame; what a beamline cannot measure has no column."""

from operando.recorder.run import Run
from operando.recorder.table import Column

UNKNOWN = -1


def quality_columns(run: Run) -> list[Column]:
    """Return the columns of a run, in the order in which they are written."""
    monitor, diode, ring = (
        run.setting("detector", f"{name}_attribute") for name in ("monitor", "diode", "ring_current")
    )
    limits = [run.setting("quality", key) for key in ("beam_off_below_per_s", "beam_off_below_mA")]
    columns = [Column("counts_total", "counts", "counts of the pixels that make the pattern")]
    if run.recipe.saturation is not None:
        columns.append(Column("saturated_pixels", "", "pixels at or above the saturation", "int32", (), UNKNOWN))
    columns += [
        Column("spottiness", "", "relative standard deviation along the rings beyond counting noise and texture"),
        Column("texture", "", "relative standard deviation along the rings that neighbouring sectors share"),
        Column("change_previous", "", "1 - Pearson's r against the pattern before, beam on"),
        Column("change_first", "", "1 - Pearson's r against the first pattern, beam on"),
    ]
    if monitor:
        dark = "less the dark's"
        columns.append(Column("incident_monitor", "counts", f"incident monitor during the exposure, {dark}"))
        columns.append(Column("counts_over_monitor", "", "counts_total over incident_monitor"))
    if diode:
        columns.append(
            Column("transmitted_diode", "counts", "diode behind the cell during the exposure, less the dark's")
        )
    if monitor and diode:
        columns.append(Column("transmission", "", "transmitted_diode over incident_monitor; on no absolute scale"))
    if ring:
        columns.append(Column("ring_current", "mA", "current in the storage ring at the end of the exposure"))
    if any(limits):
        columns.append(
            Column("beam_off", "", "1 without beam, 0 with beam, -1 where that is not known", "int8", (), UNKNOWN)
        )
    return columns


def blank_columns() -> list[Column]:
    """Return the columns of a run whose patterns have a blank taken off."""
    return [
        Column("blank_scale", "", "factor of the blank that was taken off"),
        Column("blank_scale_errors", "", "its standard deviation, which all bins share"),
    ]
