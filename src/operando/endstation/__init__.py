"""The meeting point of an endstation's processes: its root folder, locks, ports and supervision."""

from operando.endstation.channels import Channels
from operando.endstation.client import client_environment, prepare_client
from operando.endstation.process import Process, enter
from operando.endstation.pulse import pulse
from operando.endstation.register import Register
from operando.endstation.root import Root
from operando.endstation.start import bring_up
from operando.endstation.supervisor import ENDSTATION, Supervisor

__all__ = [
    "ENDSTATION",
    "Channels",
    "Process",
    "Register",
    "Root",
    "Supervisor",
    "bring_up",
    "client_environment",
    "enter",
    "prepare_client",
    "pulse",
]
