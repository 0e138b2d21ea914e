"""``operando safe``: go to the safe state, in order."""

from operando.cli.hold import tell
from operando.cli.options import Json, RootOption, running_root


def safe(root: RootOption = None, json: Json = False) -> None:
    """Open the circuit, switch the heat off, release the pressure. It stays so until somebody asks for reset."""
    from operando.cli.desk import make_safe

    tell(make_safe(running_root(root)), json)
