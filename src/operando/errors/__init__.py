"""One exception tree.

::

    OperandoError
    ├── ConfigurationError        a TOML file says something that cannot be
    ├── EndstationError           a root, lock, port or process of the endstation
    ├── RequestRefused            a target or command that the environment service will not take
    ├── ServiceSilent             a service of the endstation does not answer
    ├── RunRefused                a run whose metadata are missing or cannot be
    ├── SafeStateMissed           something is not in its safe state, although that was asked for
    ├── MoveFailed                a move that ended away from its target
    ├── InstrumentError           a conversation with an instrument
    │   ├── NoReply               nothing came in time
    │   ├── BadReply              something came that is not an answer
    │   └── InstrumentRefused     the instrument said no
    ├── AnalysisError             a frame, geometry or recipe that do not fit together
    ├── JournalError              a journal that cannot be written or read
    ├── RecordError               a file of record that cannot be written or is not valid
    └── TargetAway                a target beside the file of record that does not take documents now

A message says who, what was asked, value and unit, limit, where it is configured, and what happens now.
"""


class OperandoError(Exception):
    """Everything this project raises on purpose."""


class ConfigurationError(OperandoError):
    """A configuration that cannot be; one line with file, table, key, value and what is allowed."""


class EndstationError(OperandoError):
    """A root, lock, port or process of the endstation."""


class RequestRefused(OperandoError):
    """A target or command that the environment service will not take."""


class ServiceSilent(OperandoError):
    """The environment service, or another one, does not answer; whatever it did before goes on."""


class RunRefused(OperandoError):
    """A run whose metadata are missing or cannot be; it was not opened."""


class SafeStateMissed(OperandoError):
    """Something is not in its safe state, although that was asked for."""


class MoveFailed(OperandoError):
    """A move that ended away from its target: stopped, tripped or timed out."""


class MoveHeld(MoveFailed):
    """A move that the RunEngine froze at a pause or at the end of a plan; resuming asks for it again."""


class InstrumentError(OperandoError):
    """A conversation with an instrument; names instrument, command and reply."""


class NoReply(InstrumentError):
    """Nothing came in time."""


class BadReply(InstrumentError):
    """Something came that is not an answer to the command."""


class InstrumentRefused(InstrumentError):
    """The instrument understood and said no."""


class AnalysisError(OperandoError):
    """A frame, geometry or recipe that do not fit together."""


class JournalError(OperandoError):
    """A journal that cannot be written or read."""


class RecordError(OperandoError):
    """A file of record that cannot be written or is not valid."""


class TargetAway(OperandoError):
    """A target beside the file of record that does not take documents now; it is asked again."""


class RecordDamaged(RecordError):
    """An unfinished file of record that cannot be continued; it is set aside and written anew."""
