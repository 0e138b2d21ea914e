"""The torn end of a journal is kept beside it."""

import logging

from operando.errors import JournalError
from operando.journal import JournalFollower, is_owned, set_aside

_logger = logging.getLogger(__name__)


def keep_torn_end(journal: JournalFollower) -> None:
    """Copy what follows the last whole document to ``<uid>.torn``, if nobody writes that journal any more; say so."""
    torn = journal.tail
    try:
        if torn and not is_owned(journal.path):
            _logger.warning("%s; kept as %s", torn, set_aside(torn).name)
    except JournalError as error:
        _logger.warning("%s", error)
