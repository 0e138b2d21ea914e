"""The guided piston between load cell and cell: its friction is felt by the load cell and not by the cell."""

PRESLIDING_STIFFNESS = 60.0
"""N/µm; before it slides a guide yields like a spring, 30 N within half a micrometre, and so breaks no loop that
regulates through it (Dahl, "A solid friction model", Aerospace Corporation TOR-0158(3107-18)-1, 1968)."""

SLIDING_SHARE = 0.97
"""Sliding over breakaway friction: each slip lets a few per cent of the friction go at once, hence stick-slip."""


class Guide:
    """A piston between two springs, held by friction; quasi-static.

    Above it is the actuator side with the load cell, below it the stack in its frame. While it sticks, the piston
    hangs on a soft spring; where that spring's force would pass the breakaway friction, the piston slips until no
    more than the sliding friction is left, and sticks there.

    Parameters
    ----------
    above, below : float
        N/µm, of the two sides.
    breakaway : float
        N; 0 is a guide without friction.
    """

    def __init__(self, above: float, below: float, breakaway: float) -> None:
        self._above = above
        self._below = below
        self._breakaway = breakaway
        self._presliding = PRESLIDING_STIFFNESS if breakaway else 0.0
        self._anchor = 0.0

    def forces(self, stroke: float, swelling: float) -> tuple[float, float]:
        """Return what the forces above and below have changed by, N.

        Parameters
        ----------
        stroke : float
            µm, by which the actuator has grown.
        swelling : float
            µm, by which the stack has.
        """
        push = self._above * stroke - self._below * swelling
        springs = self._above + self._below
        piston = (push + self._presliding * self._anchor) / (springs + self._presliding)
        friction = self._presliding * (piston - self._anchor)
        if abs(friction) > self._breakaway:
            friction = SLIDING_SHARE * (self._breakaway if friction > 0.0 else -self._breakaway)
            piston = (push - friction) / springs
            self._anchor = piston - friction / self._presliding
        return self._above * (stroke - piston), self._below * (piston + swelling)
