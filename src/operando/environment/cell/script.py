"""Which part of a programme the instrument was given, and where in the whole of it a step lies."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from operando.control.remainder import located, remainder, step_of
from operando.vocabulary import CellProgramme, End, Limit, Loop, Position, Rest, Step

BEGINNING = Position()
LONGEST = 30 * 86_400.0
"""s that a pause lasts at most."""


def pause_step(interval: float) -> Rest:
    """Return the step that a pause is: of number 0, with a sample each ``interval`` s."""
    return Rest(number=0, name="pause", ends=(End(Limit.TIME, LONGEST),), sample_interval=interval)


@dataclass(frozen=True, slots=True)
class Script:
    """What an instrument was given to do.

    Parameters
    ----------
    whole : CellProgramme
        The programme, from its beginning.
    at : Position
        Where this script begins: it runs what remains from there.
    ordinal : int
        Of its first step, among all that the whole programme begins.
    """

    whole: CellProgramme
    at: Position = BEGINNING
    ordinal: int = 1

    @property
    def remaining(self) -> CellProgramme:
        """What the instrument runs."""
        return remainder(self.whole, self.at)

    @property
    def first_run(self) -> int:
        """Run of its first step."""
        return self.at.run + 1

    def step(self, run: int, number: int) -> Step:
        """Return a step as the instrument runs it.

        Raises
        ------
        ValueError
            The programme has no such step.
        """
        return _first(self.remaining) if run == self.first_run and self.at.step else step_of(self.whole, number)

    def position(self, run: int, elapsed: float, charge: float, passed: float) -> Position:
        """Return where the whole programme stands.

        Parameters
        ----------
        run : int
            The step that runs.
        elapsed, charge : float
            s and A h that it has run in this script.
        passed : float
            A h since the programme began.

        Raises
        ------
        ValueError
            The programme has no such position.
        """
        found = located(self.whole, self.ordinal_of(run))
        goes_on = run == self.first_run and self.at.step
        before = (self.at.elapsed, self.at.charge) if goes_on else (0.0, 0.0)
        return replace(found, run=run, elapsed=before[0] + elapsed, charge=before[1] + charge, passed=passed)

    def ordinal_of(self, run: int) -> int:
        """Return how many steps the whole programme has begun at a run of this script."""
        return self.ordinal + run - self.first_run

    def facts(self) -> dict[str, Any]:
        """Return what `recalled` makes the same script of."""
        return {"at": asdict(self.at), "ordinal": self.ordinal}


def recalled(whole: CellProgramme, found: Mapping[str, Any]) -> Script:
    """Return the script that facts state.

    Raises
    ------
    KeyError, TypeError, ValueError
        They state none.
    """
    return Script(whole, position_from(found["at"]), int(found["ordinal"]))


def position_from(found: Mapping[str, Any]) -> Position:
    """Return the position that facts state."""
    return Position(**{**found, "passes": tuple(int(number) for number in found["passes"])})


def _first(programme: CellProgramme) -> Step:
    part = programme.parts[0]
    while isinstance(part, Loop):
        part = part.parts[0]
    return part
