"""ESRF: data policy v3, and the NeXus layout of BLISS.

A run is a dataset of a collection, which is a sample. https://www.esrf.fr/datapolicy; names in the file as
blisswriter has them (https://gitlab.esrf.fr/bliss/blisswriter).
"""

import logging
import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from operando.errors import EndstationError, RunRefused
from operando.recorder.profiles.profile import NAMED_BY, Facts, Wish
from operando.vocabulary.esrf_folders import PROCESSED, collection_folder, dataset_folder, raw_data_folder
from operando.vocabulary.names import component, esrf_proposal, site_name

if TYPE_CHECKING:
    import h5py

    from operando.recorder.run import Run

SCAN = "scan0001"
"""Folder of the frames: a dataset of ours holds one scan."""
ENTRIES = {"xrd": "1.1", "environment": "1.2", "xrd_cake": "1.3"}
"""A scan, and its sub-scans: at the rates of the sensors, and its frames as cakes."""
END_REASONS = {"success": "SUCCESS", "abort": "USER_ABORT"}

_logger = logging.getLogger(__name__)


class Esrf:
    """``<root>/<proposal>/<beamline>/<session>/RAW_DATA/<collection>/<collection>_<dataset>/…``."""

    writes_beside: ClassVar[bool] = True
    makes_root: ClassVar[bool] = True

    def outlook(self, wish: Wish) -> Facts:
        """Return session and proposal."""
        facts = {"profile": "esrf", "beamline": wish.site.beamline, "session": wish.site.session}
        try:
            return facts | {"proposal_folder": esrf_proposal(wish.proposal, str(wish.site.beamline))}
        except ValueError:  # said when a run starts
            return facts

    def folder(self, facts: Facts, data_root: Path) -> Path:
        """Return the raw data of the session; the folders above are nobody's to write."""
        return raw_data_folder(facts, data_root) if "proposal_folder" in facts else data_root

    def claim(self, wish: Wish) -> Facts:
        """Take the next free number of the collection, whoever took the others."""
        site = wish.site
        try:
            collection = site_name(wish.sample, "esrf", "sample")
            proposal = esrf_proposal(wish.proposal, str(site.beamline))
        except ValueError as error:
            raise RunRefused(f"esrf: {error}; {NAMED_BY}") from error
        data_root = wish.data_root.resolve()
        facts: dict[str, Any] = {
            "profile": "esrf",
            "data_root": str(data_root),
            "proposal": wish.proposal,
            "proposal_folder": proposal,
            "beamline": site.beamline,
            "session": site.session,
            "sample": wish.sample,
            "collection": collection,
        }
        if collection != wish.sample:
            _logger.info("sample %r is the collection %r", wish.sample, collection)
        return facts | {"dataset": _claim_dataset(collection_folder(facts, data_root), collection)}

    def raw_folder(self, facts: Facts, data_root: Path) -> Path:
        """Return the folder of the frames, within that of the dataset."""
        return dataset_folder(facts, data_root) / SCAN

    def record_path(self, data_root: Path, run: "Run") -> Path:
        """Return the file that BLISS would write: that of the dataset."""
        folder = dataset_folder(run.site, data_root)
        return folder / f"{folder.name}.h5"

    def entry(self, product: str) -> str:
        """Return the number of a scan and sub-scan."""
        return ENTRIES.get(product, product)

    def end_reason(self, reason: str) -> str:
        """Return blisswriter's word."""
        return END_REASONS.get(reason, "FAILURE")

    def begin(self, entry: "h5py.Group", run: "Run") -> None:
        """Add ``measurement``: each per-frame quantity under a short name."""
        from operando.recorder.profiles.measurement import link_measurement

        link_measurement(entry)

    def finish(self, file: "h5py.File", run: "Run") -> None:
        """Add the frames as one stack, ``instrument/detector/data``, and the names of proposal and collection."""
        from operando.recorder.profiles.identity import write_identity
        from operando.recorder.profiles.measurement import link_stack, write_stack

        entry = file.get(ENTRIES["xrd"])
        if entry is not None and write_stack(entry):
            link_stack(entry, "measurement")
        facts = {"experiment_identifier": run.site["proposal"], "collection_identifier": run.site["collection"]}
        write_identity(file, facts)

    def beside(self, record: Path, run: "Run") -> None:
        """Link every entry into the files of collection and proposal, and the patterns into the processed data."""
        from operando.recorder.profiles.masters import link_entries
        from operando.recorder.profiles.processed import write_processed

        facts = run.site
        collection = record.parents[1]
        proposal = component(facts["proposal_folder"])
        for master in (
            collection / f"{proposal}_{component(facts['collection'])}.h5",
            collection.parent / f"{proposal}_{component(facts['beamline'])}.h5",
        ):
            link_entries(master, record)
        raw = record.parents[2]
        write_processed(raw.with_name(PROCESSED) / record.relative_to(raw), record)


def _claim_dataset(collection: Path, name: str) -> str:
    """Make the folder of the next dataset and return its number."""
    pattern = re.compile(re.escape(name) + r"_(\d{4,})")
    try:
        collection.mkdir(parents=True, exist_ok=True)
        taken = [int(found[1]) for path in collection.iterdir() if (found := pattern.fullmatch(path.name))]
        for number in count(max(taken, default=0) + 1):
            try:
                (collection / f"{name}_{number:04d}").mkdir()
            except FileExistsError:  # BLISS took it a moment ago
                continue
            return f"{number:04d}"
    except OSError as error:
        raise EndstationError(
            f"esrf: {collection}: a folder cannot be made: {error.strerror}; data_root, [proposal], [site] beamline "
            "and session say where; no run is opened"
        ) from error
    raise AssertionError("numbers do not end")
