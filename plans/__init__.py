"""Bluesky plans: generators of messages that know protocols, never a device class."""

from operando.plans.at_rest import at_rest
from operando.plans.fly_frames import fly_frames
from operando.plans.impedance_in_beam_gaps import impedance_in_beam_gaps
from operando.plans.operando_cycle import operando_cycle
from operando.plans.programmed_cell import (
    load_programme,
    measurement_done,
    pause_programme,
    resume_programme,
    wait_for_charge,
    wait_for_event,
    wait_for_step,
    wait_for_voltage,
)
from operando.plans.reference_frames import calibrate_geometry, measure_blank, take_darks, take_flat

__all__ = [
    "at_rest",
    "calibrate_geometry",
    "fly_frames",
    "impedance_in_beam_gaps",
    "load_programme",
    "measure_blank",
    "measurement_done",
    "operando_cycle",
    "pause_programme",
    "resume_programme",
    "take_darks",
    "take_flat",
    "wait_for_charge",
    "wait_for_event",
    "wait_for_step",
    "wait_for_voltage",
]
