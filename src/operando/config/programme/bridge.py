"""The part of the language that the service knew before it knew the whole; goes when its runner takes programmes."""

from operando.errors import ConfigurationError
from operando.vocabulary import CellProgramme, ConstantCurrent, ConstantCurrentCycling, Limit, Loop


def cycling(programme: CellProgramme) -> ConstantCurrentCycling:
    """Return a loop of one charge and one discharge.

    Raises
    ------
    ConfigurationError
        The programme is something else.
    """
    match programme.parts:
        case (Loop(passes=passes, parts=(ConstantCurrent() as charge, ConstantCurrent() as discharge)),):
            upper, lower = (
                next(end.value for end in step.ends if end.limit is Limit.VOLTAGE) for step in (charge, discharge)
            )
            return ConstantCurrentCycling(
                charge.current, -discharge.current, upper, lower, passes, charge.longest, charge.sample_interval
            )
    raise ConfigurationError(f"{programme.name}: only a loop of one charge and one discharge can be run yet")
