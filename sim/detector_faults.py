"""What is wrong with the simulated detector just now; the process of the faults tells that of the records."""

from dataclasses import dataclass


@dataclass(slots=True)
class DetectorFaults:
    """Faults of camera and file plugin.

    Parameters
    ----------
    loses_every : int
        The camera loses each exposure whose number is a multiple of this; 0 is none.
    queue_full : bool
        The file plugin finds no room in its queue.
    stands_still : bool
        The camera begins no exposure, and says that it acquires.
    """

    loses_every: int = 0
    queue_full: bool = False
    stands_still: bool = False

    def loses(self, unique_id: int) -> bool:
        """Whether the camera loses this exposure."""
        return self.loses_every > 0 and unique_id % self.loses_every == 0
