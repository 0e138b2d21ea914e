"""The programme whose script stands in ``emstat4.txt``: 4.3 and 2.8 V vs Li/Li+ on a Li-In cell (0.62 V), C/4."""

from operando.vocabulary import ConstantCurrentCycling

PROGRAMME = ConstantCurrentCycling(
    charge_current=196e-6,
    discharge_current=196e-6,
    upper_cutoff=4.3 - 0.62,
    lower_cutoff=2.8 - 0.62,
    cycles=1,
    step_time_limit=36000.0,
    sample_interval=0.5,
)
