"""Cakes at sites that have names of their own for entries."""

from dataclasses import replace
from pathlib import Path

import h5py
import pytest
from profiles.recorded_at_site import ESRF, PETRA, RunAtSite, claim, open_beamtime
from recorder import made_run
from recorder.made_run import RECIPE
from silx.io.nxdata import get_default

from operando.recorder.validation import validate


@pytest.mark.parametrize(
    ("site", "entries"),
    [(ESRF, ["1.1", "1.2", "1.3"]), (PETRA, ["environment", "scan", "xrd_cake"])],
    ids=["esrf", "petra"],
)
def test_an_entry_more_and_the_file_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: dict[str, object], entries: list[str]
) -> None:
    monkeypatch.setattr(made_run, "RECIPE", replace(RECIPE, npt=200, sectors=8))
    open_beamtime(tmp_path)
    run = RunAtSite(tmp_path, claim(tmp_path, site))
    run.record()
    (path,) = [each for each in tmp_path.rglob("*") if is_record(each)]
    assert validate(path) == []
    with h5py.File(path) as file:
        assert sorted(file) == entries
        (cakes,) = [group for group in file.values() if "data/azimuthal_axis" in group]
        assert get_default(cakes).signal.shape == (run.frames, 8, 200)
        assert get_default(file).signal.ndim == 2


def is_record(path: Path) -> bool:
    """Return whether a file holds entries of its own with cakes."""
    if not path.is_file() or not h5py.is_hdf5(path):
        return False
    with h5py.File(path) as file:
        here = [name for name in file if not isinstance(file.get(name, getlink=True), h5py.ExternalLink)]
        return any("data/azimuthal_axis" in file[name] for name in here)
