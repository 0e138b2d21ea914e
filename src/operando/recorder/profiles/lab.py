"""A laboratory: folders by the UTC day, nothing beside the file of record."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from operando.recorder.instants import NS
from operando.recorder.profiles.profile import Facts, Wish
from operando.vocabulary.names import component

if TYPE_CHECKING:
    import h5py

    from operando.recorder.run import Run


class Lab:
    """``DATA/raw/<day>/<8 hex>`` and ``DATA/processed/<day>/<scan>_<uid>.nxs``."""

    writes_beside: ClassVar[bool] = False
    makes_root: ClassVar[bool] = True

    def outlook(self, wish: Wish) -> Facts:
        """Return that it is a laboratory."""
        return {"profile": "lab"}

    def folder(self, facts: Facts, data_root: Path) -> Path:
        """Return the data root."""
        return data_root

    def claim(self, wish: Wish) -> Facts:
        """Nothing is claimed: every run has a uid."""
        return {"profile": "lab"}

    def raw_folder(self, facts: Facts, data_root: Path) -> Path:
        """Return a new folder of the day."""
        return data_root / "raw" / datetime.now(UTC).strftime("%Y%m%d") / uuid.uuid4().hex[:8]

    def record_path(self, data_root: Path, run: "Run") -> Path:
        """Return the path by the UTC day of the start."""
        day = datetime.fromtimestamp(run.start_ns // NS, UTC)
        return data_root / "processed" / f"{day:%Y%m%d}" / component(f"{run.scan_id:05d}_{run.uid[:8]}.nxs")

    def entry(self, product: str) -> str:
        """Entries are called what they are."""
        return product

    def end_reason(self, reason: str) -> str:
        """Return bluesky's word."""
        return reason

    def begin(self, entry: "h5py.Group", run: "Run") -> None:
        """Nothing more."""

    def finish(self, file: "h5py.File", run: "Run") -> None:
        """Nothing more."""

    def beside(self, record: Path, run: "Run") -> None:
        """Nothing beside."""
