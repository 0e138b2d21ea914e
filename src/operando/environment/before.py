"""How the service before left a regulated quantity, as the loops of this one need to know it."""

from dataclasses import dataclass

from operando.vocabulary import Mode


@dataclass(frozen=True, slots=True)
class AxisBefore:
    """How a regulated quantity was left; as it stands here: nothing is known, what is found is held.

    Parameters
    ----------
    target : float, optional
        In the unit of the quantity.
    mode : Mode
        Who decided the drive. `Mode.RELEASED` stays: nothing is ever loaded or heated again by a restart.
    held : bool
        A stop had frozen the target.
    id : str
        The request for the target; empty where nobody had asked.
    settled_id : str
        The last request whose target was reached.
    tolerance, settle_time, ramp_rate : float, optional
        Where somebody may have changed them.
    """

    target: float | None = None
    mode: Mode = Mode.CLOSED_LOOP
    held: bool = False
    id: str = ""
    settled_id: str = ""
    tolerance: float | None = None
    settle_time: float | None = None
    ramp_rate: float | None = None


NOTHING = AxisBefore()
