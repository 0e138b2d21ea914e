"""What a target beside the file of record is to those who feed it."""

from collections.abc import Mapping
from typing import Any, Protocol


class Sink(Protocol):
    """One target that takes the documents of runs; connected when made, thrown away when it fails.

    Every method may take as long as the target does: it is called by a thread that nobody waits for. It raises
    `TargetAway` where the same call may succeed later, OSError where that is so for this run and says nothing of
    others, and anything else where the run will never be taken.
    """

    resumes: bool
    """Whether a run may be gone on with in the middle; otherwise it is sent again from its first document."""

    def begin(self, run: str, whole: bool) -> bool:
        """Prepare for the documents of a run, or for those that are left of it; False where it is there already.

        Parameters
        ----------
        run : str
            Its uid.
        whole : bool
            Its journal ends with a stop document: nothing more will come than what is there.
        """
        ...

    def send(self, run: str, name: str, document: Mapping[str, Any]) -> None:
        """Deliver the next document of a run."""
        ...

    def end(self, run: str) -> None:
        """Do what is left once the last document of a run was delivered; an abandoned one has no stop document."""
        ...

    def close(self) -> None:
        """Let go of the target; never raises, never waits for it."""
        ...
