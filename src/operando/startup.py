"""What IPython and the queue server import: ``RE``, device names, plan names, nothing else."""

from operando.engine.session import open_session as _open_session
from operando.plans import operando_cycle

_session = _open_session()

RE = _session.run_engine

stack_pressure = _session.devices.stack_pressure
heater = _session.devices.heater
potentiostat = _session.devices.potentiostat
stage = _session.devices.stage
detector = _session.devices.detector
shutter = _session.devices.shutter
ring_current = _session.devices.ring_current

__all__ = [
    "RE",
    "detector",
    "heater",
    "operando_cycle",
    "potentiostat",
    "ring_current",
    "shutter",
    "stack_pressure",
    "stage",
]
