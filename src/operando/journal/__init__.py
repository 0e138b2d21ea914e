"""The journal: append, follow and replay of bluesky documents, one file a run."""

from operando.journal.arrays import StoredArray
from operando.journal.damage import Damage, set_aside
from operando.journal.folder import Usage, remove_recorded, usage
from operando.journal.following import JournalFollower
from operando.journal.ownership import is_owned
from operando.journal.reading import read_journal, replay
from operando.journal.writing import Journal

__all__ = [
    "Damage",
    "Journal",
    "JournalFollower",
    "StoredArray",
    "Usage",
    "is_owned",
    "read_journal",
    "remove_recorded",
    "replay",
    "set_aside",
    "usage",
]
