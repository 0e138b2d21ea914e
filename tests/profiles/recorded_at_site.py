"""A run recorded under the layout of a site."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recorder.made_run import CONFIGS, NMC811, MadeRun

from operando.config import load
from operando.config.site import Site
from operando.recorder.profiles import PROFILES, Wish
from operando.recorder.service import run as record

ESRF = {"profile": "esrf", "beamline": "bm31", "session": "20260301"}
PETRA = {"profile": "petra", "roots": ["gpfs/current", "gpfs/commissioning", "gpfs/local"]}


def claim(
    root: Path, site: Mapping[str, Any], sample: str = "NMC811 cell3", number: int = 12, proposal: str = "MA-6543"
) -> dict[str, Any]:
    """What the RunEngine process finds out when a run starts."""
    wish = Wish(Site.model_validate(dict(site)), root, root / "data", sample, proposal, number)
    return dict(PROFILES[str(site["profile"])].claim(wish))


class RunAtSite(MadeRun):
    """A made run whose frames and start document are those of a site."""

    def __init__(self, root: Path, facts: Mapping[str, Any], frames: int = 5) -> None:
        super().__init__(root, frames=frames, per_file=3, lattice=NMC811, scan_id=12)
        self.facts = dict(facts)
        self.profile = PROFILES[self.facts["profile"]]
        self.raw = self.profile.raw_folder(self.facts, Path(self.facts["data_root"]))
        self.documents = list(self._documents())
        start = self.documents[0][1]
        start["operando"]["site"] = self.facts
        start.pop("proposal", None)  # the site knows it
        start["operando"]["configuration"].pop("proposal", None)

    def record(self) -> None:
        """Write frames, log and journal, and have them recorded."""
        if self.frames:
            self.write_frames()
        self.write_log(end=None if self.frames else 10.0)
        if not self.frames:
            self.documents = [self.documents[0], self.documents[-1]]
        self.write_journal()
        self.record_again()

    def record_again(self) -> None:
        record(load(CONFIGS / "simulated.toml"), self.root, 0, True, lambda: None)


def open_beamtime(root: Path, folder: str = "gpfs/current", beamtime: str | None = "11012345") -> Path:
    """Make a root of PETRA III, as startBeamtime does."""
    place = root / folder
    for name in ("raw", "processed", "shared", "scratch_bl"):
        (place / name).mkdir(parents=True)
    if beamtime:
        (place / f"beamtime-metadata-{beamtime}.json").write_text(METADATA)
    return place


METADATA = """# generated, do not edit
{"beamtimeId": "11012345", "proposalId": "20200001", "proposalType": "C", "title": "cells under pressure",
 "beamline": "p07", "beamlineAlias": "p07", "facility": "PETRA III",
 "corePath": "/asap3/petra3/gpfs/p07/2026/data/11012345", "eventStart": "2026-03-01T08:00:00+01:00",
 "leader": {"email": "someone@example.org", "lastname": "Someone"},
 "onlineAnalysis": {"sshPrivateKeyPath": "shared/id_rsa", "asapoBeamtimeTokenPath": "shared/token"}}
# end
"""
