"""What a site decides about a run: where its files lie, what its entries are called, and what stands beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from operando.config.site import Site

if TYPE_CHECKING:
    import h5py

    from operando.recorder.run import Run

NAMED_BY = "[sample] name and [proposal] identifier, or RE(…, sample=…, proposal=…), name the files; no run is opened"
Facts = Mapping[str, Any]
"""What was found out when a run started; stands in its start document, and is all that is known of the site later."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A run that is about to start.

    Parameters
    ----------
    site : Site
        The table of the configuration.
    state_root : Path
        Relative folders of the configuration lie below it.
    data_root : Path
        As configured.
    sample, proposal : str
        As a person wrote them; empty where nobody did.
    number : int
        Of the scan.
    """

    site: Site
    state_root: Path
    data_root: Path
    sample: str
    proposal: str
    number: int


class Profile(Protocol):
    """A site.

    `outlook`, `claim` and the folders serve the RunEngine process when a run starts. The rest is the recorder's,
    afterwards, from the start document alone.
    """

    writes_beside: ClassVar[bool]
    """Whether there are files beside a file of record."""
    makes_root: ClassVar[bool]
    """Whether the folder that takes files is ours to make; a beamtime's is not."""

    def outlook(self, wish: Wish) -> Facts:
        """Find out where a run would go now, as far as that is known; nothing is made."""
        ...

    def folder(self, facts: Facts, data_root: Path) -> Path:
        """Return the folder that must take files for a run to go on."""
        ...

    def claim(self, wish: Wish) -> Facts:
        """Find out where a run goes and make its folder, which is nobody else's.

        Raises
        ------
        RunRefused
            A name is missing or not allowed.
        EndstationError
            There is no such place.
        """
        ...

    def raw_folder(self, facts: Facts, data_root: Path) -> Path:
        """Return where the detector puts its frames; need not exist."""
        ...

    def record_path(self, data_root: Path, run: "Run") -> Path:
        """Return where the file of record lies.

        Raises
        ------
        ValueError
            A name in the start document leads out of its folder.
        """
        ...

    def entry(self, product: str) -> str:
        """Return the name of the entry of a product."""
        ...

    def end_reason(self, reason: str) -> str:
        """Return how the site says why a run ended."""
        ...

    def begin(self, entry: "h5py.Group", run: "Run") -> None:
        """Add what the site's readers expect to the entry of the patterns, when it has just been made."""
        ...

    def finish(self, file: "h5py.File", run: "Run") -> None:
        """Add what is only known at the end, before ``end_time``."""
        ...

    def beside(self, record: Path, run: "Run") -> None:
        """Write the files beside a complete file of record; a second time changes nothing.

        Raises
        ------
        OSError
            Not now; to be tried again.
        """
        ...
