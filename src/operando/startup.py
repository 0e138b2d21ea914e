"""What IPython and the queue server import: ``RE``, device names, plan names, nothing else."""

from operando.engine.session import open_session as _open_session
from operando.plans import (
    at_rest,
    calibrate_geometry,
    fly_frames,
    impedance_in_beam_gaps,
    load_programme,
    measure_blank,
    measurement_done,
    operando_cycle,
    pause_programme,
    resume_programme,
    take_darks,
    take_flat,
    wait_for_charge,
    wait_for_event,
    wait_for_step,
    wait_for_voltage,
)

_session = _open_session()

RE = _session.run_engine

stack_pressure = _session.devices.stack_pressure
heater = _session.devices.heater
potentiostat = _session.devices.potentiostat
stage = _session.devices.stage
detector = _session.devices.detector
shutter = _session.devices.shutter
ring_current = _session.devices.ring_current

globals().update(_session.devices.channels)  # potentiostat_b and so on, one for each further channel

__all__ = [
    "RE",
    "at_rest",
    "calibrate_geometry",
    "detector",
    "fly_frames",
    "heater",
    "impedance_in_beam_gaps",
    "load_programme",
    "measure_blank",
    "measurement_done",
    "operando_cycle",
    "pause_programme",
    "potentiostat",
    "resume_programme",
    "ring_current",
    "shutter",
    "stack_pressure",
    "stage",
    "take_darks",
    "take_flat",
    "wait_for_charge",
    "wait_for_event",
    "wait_for_step",
    "wait_for_voltage",
]
__all__ += list(_session.devices.channels)
