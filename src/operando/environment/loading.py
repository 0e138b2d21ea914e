"""Another cell programme while the service runs: read, compiled and judged as that of the configuration is."""

from collections.abc import Callable

from operando.config import Endstation
from operando.config.channels import unwatched
from operando.config.interlocks import contradiction
from operando.config.programme import parse_programme
from operando.errors import ConfigurationError, RequestRefused
from operando.vocabulary import CellProgramme


def compiler(config: Endstation, channel: str) -> Callable[[str], CellProgramme]:
    """Return what compiles the text of a programme for the cell on a channel.

    It raises `RequestRefused`, one line for each thing that is wrong: in the language, for this cell on this
    instrument, or for the interlocks, which would trip on what it is to do.
    """

    def compiled(text: str) -> CellProgramme:
        try:
            programme = parse_programme(text)
            others = [
                each.model_copy(update={"programme": programme}) if each.name == channel else each
                for each in config.channels
            ]
            changes = {"channels": others} if channel else {"programme": programme}
            changed = config.model_copy(update=changes)
            found = changed.compiled_programmes()[channel]
        except ConfigurationError as error:
            raise RequestRefused(f"{error}; nothing was loaded") from error
        if complaint := (unwatched(channel, found) if channel else "") or contradiction(changed):
            raise RequestRefused(f"{complaint}; nothing was loaded")
        return found

    return compiled
