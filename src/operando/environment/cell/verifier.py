"""Who reads back that a cell is at open circuit, as a runner needs it."""

from typing import Protocol


class Verifier(Protocol):
    """Reads the safe state of a cell back: `operando.environment.open_circuit.OpenCircuit`."""

    def begun(self) -> None:
        """Take notice of a start."""

    def cannot(self, why: str) -> None:
        """Take notice of a cell that could not be switched off."""

    def verify(self) -> bool:
        """Return whether the cell is seen to be at open circuit."""
