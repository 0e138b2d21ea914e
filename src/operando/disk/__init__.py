"""What the disks of an endstation have left, and whether they take anything at all."""

from operando.disk.limits import Limits, Verdict
from operando.disk.probe import free_gigabytes, trouble_with, words_of
from operando.disk.watch import DiskWatch, Watched

__all__ = ["DiskWatch", "Limits", "Verdict", "Watched", "free_gigabytes", "trouble_with", "words_of"]
