"""What the disks of an endstation have left, and whether they take anything at all."""

from operando.disk.limits import Limits, Verdict
from operando.disk.probe import LARGE, disk_errno, in_short, trouble_with
from operando.disk.watch import DiskWatch, Watched

__all__ = ["LARGE", "DiskWatch", "Limits", "Verdict", "Watched", "disk_errno", "in_short", "trouble_with"]
