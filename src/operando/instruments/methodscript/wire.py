"""What a script of ours and the driver agree upon: types of variables in packets, and how a step ended.

Three kinds of packet go over the line, each with the time, cycle, step and run:

======== ================================================ =====================================
packet   holds beside them                                when
======== ================================================ =====================================
sample   potential, current, charge of the step and       every sample interval and at the end
         before it
point    frequency, real and imaginary impedance          every frequency
end      charge of the step and before it, how it ended   behind each step
======== ================================================ =====================================

The time is in two variables, whole hours and s within the hour: a variable of a packet has 27 bits between two
prefixes, so that beyond 37 h a time in s alone would be sent in whole seconds; and the instrument computes in single
precision.
"""

TIME, TURN = "eb", "je"
"""s within the hour, and whole hours since the start."""
TURN_LENGTH = 3600.0
"""s."""
POTENTIAL, CURRENT = "ab", "ba"
"""V and A, measured."""
APPLIED_POTENTIAL, APPLIED_CURRENT = "da", "db"
"""V and A; an instrument that applies one may say it in place of measuring it (MSLoopExample008, -009)."""
CYCLE, STEP, RUN = "ja", "jb", "jc"
CHARGE, BEFORE = "jd", "jf"
"""A h in this step, and before it since the programme began."""
FREQUENCY, REAL, IMAGINARY = "dc", "cc", "cd"
"""Hz, Ω, Ω."""
ENDED = "ee"
"""How a step ended: `BY_TIME`, the position (from 1) among the ends that are no time, `LOOP_OVER` or a safety limit."""

BY_TIME = 0
LOOP_OVER = 80
"""The measurement loop came to its own end, or the host ended it."""
SAFETY = {
    91: "upper voltage beyond its safety limit",
    92: "lower voltage beyond its safety limit",
    93: "current beyond its safety limit",
    94: "charge beyond its safety limit",
    95: "current beyond the current limit of its step",
}
UPPER_VOLTAGE, LOWER_VOLTAGE, SAFE_CURRENT, SAFE_CHARGE, CURRENT_LIMIT = SAFETY
FIRST_SAFETY = min(SAFETY)
