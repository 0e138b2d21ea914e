"""The journal: append, follow and replay of bluesky documents, one file a run."""

from operando.journal.ownership import is_owned
from operando.journal.reading import JournalFollower, read_journal
from operando.journal.writing import Journal

__all__ = ["Journal", "JournalFollower", "is_owned", "read_journal"]
