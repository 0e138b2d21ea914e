"""PETRA III: the folders of a beamtime, and the names of Sardana and nxswriter.

https://docs.desy.de/asap3 (``/gpfs/current`` lives from startBeamtime to stopBeamtime); scan files as Sardana's
``ScanFile`` and ``ScanID`` make them, the entry ``scan`` as nxswriter names it (https://nexdatas.github.io/nxswriter).
"""

import logging
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from operando.errors import EndstationError, RunRefused
from operando.recorder.profiles.beamtime import find_beamtime, is_open
from operando.recorder.profiles.profile import NAMED_BY, Facts, Wish
from operando.vocabulary.names import component, site_name

if TYPE_CHECKING:
    import h5py

    from operando.recorder.run import Run

SCAN = "scan"
DETECTOR = "detector"
"""Folder of the frames within that of the scan."""
IDENTITY = {
    "experiment_identifier": "proposalId",
    "experiment_description": "title",
    "collection_identifier": "beamtimeId",
}
"""Field of NXentry → key of the beamtime's metadata."""

_logger = logging.getLogger(__name__)


class Petra:
    """``<root>/raw/<sample>_<scan>.nxs`` and ``<root>/raw/<sample>_<scan>/detector/…``."""

    writes_beside: ClassVar[bool] = True
    makes_root: ClassVar[bool] = False

    def outlook(self, wish: Wish) -> Facts:
        """Return the first root that can be written; the first of all where none can."""
        roots = [(wish.state_root / folder).resolve() for folder in wish.site.roots]
        return {"profile": "petra", "data_root": str(next((root for root in roots if is_open(root)), roots[0]))}

    def folder(self, facts: Facts, data_root: Path) -> Path:
        """Return the raw data of the beamtime; the folder above is nobody's to write."""
        return data_root / "raw"

    def claim(self, wish: Wish) -> Facts:
        """Take the first root that can be written, its beamtime, and a name for the scan."""
        try:
            sample = site_name(wish.sample, "petra", "sample")
        except ValueError as error:
            raise RunRefused(f"petra: {error}; {NAMED_BY}") from error
        if sample != wish.sample:
            _logger.info("sample %r is %r in the names of files", wish.sample, sample)
        reasons = []
        for number, folder in enumerate(wish.site.roots):
            root = (wish.state_root / folder).resolve()
            if not is_open(root):
                reasons.append(f"{root}/raw cannot be written")
                continue
            beamtime = find_beamtime(root, wish.site.beamtime_id)
            try:
                name = _claim_name(root / "raw", sample, wish.number)
            except OSError as error:
                reasons.append(f"{root}/raw: {error.strerror}")
                continue
            if number:
                _logger.warning("data go to %s: %s", root, "; ".join(reasons))
            facts = {"profile": "petra", "data_root": str(root), "sample": wish.sample, "scan_name": name}
            return facts | {"fio": wish.site.fio, "beamtime": beamtime}
        raise EndstationError(f"petra: no place for data: {'; '.join(reasons)}; [site] roots; no run is opened")

    def raw_folder(self, facts: Facts, data_root: Path) -> Path:
        """Return the folder of the frames, as hasyutils sets it for a detector."""
        return data_root / "raw" / component(facts["scan_name"]) / DETECTOR

    def record_path(self, data_root: Path, run: "Run") -> Path:
        """Return the file that nxswriter would write: beside the list of the SciCat ingestor."""
        return data_root / "raw" / f"{component(run.site['scan_name'])}.nxs"

    def entry(self, product: str) -> str:
        """Return ``scan`` for what a viewer opens first."""
        return SCAN if product == "xrd" else product

    def end_reason(self, reason: str) -> str:
        """Return bluesky's word; the site has none."""
        return reason

    def begin(self, entry: "h5py.Group", run: "Run") -> None:
        """Nothing more."""

    def finish(self, file: "h5py.File", run: "Run") -> None:
        """Add the frames as one stack, also to ``data``, and the beamtime; a run without frames gets ``scan``, too."""
        from operando.recorder.profiles.identity import write_identity
        from operando.recorder.profiles.measurement import link_stack, write_stack

        if SCAN not in file:
            file[SCAN] = _soft_link(f"/{self.entry('environment')}")
        elif write_stack(file[SCAN]):
            link_stack(file[SCAN], "data")
        beamtime = run.site.get("beamtime") or {}
        write_identity(file, {name: str(beamtime.get(key, "")) for name, key in IDENTITY.items()})

    def beside(self, record: Path, run: "Run") -> None:
        """Write the FIO file, where asked for, and then the line that lets the ingestor take the scan."""
        from operando.recorder.profiles.fio import write_fio
        from operando.recorder.profiles.scicat import append_dataset

        if run.site.get("fio"):
            write_fio(record, record.with_suffix(".fio"))
        if beamtime := run.site.get("beamtime"):
            append_dataset(record.parent, component(str(beamtime["beamtimeId"])), record.stem)


def _claim_name(folder: Path, sample: str, number: int) -> str:
    """Make the folder of a scan and return its name; one that is taken gets a letter more."""
    for attempt in count(1):
        name = f"{sample}_{number:05d}" + (f"-{attempt}" if attempt > 1 else "")
        if any((folder / f"{name}{ending}").exists() for ending in (".nxs", ".fio")):
            continue
        try:
            (folder / name).mkdir()
        except FileExistsError:
            continue
        if attempt > 1:
            _logger.warning("%s/%s_%05d is taken by another scan; this one is %s", folder, sample, number, name)
        return name
    raise AssertionError("numbers do not end")


def _soft_link(path: str) -> "h5py.SoftLink":
    import h5py

    return h5py.SoftLink(path)
