"""``operando reprocess`` on one file and on many, and at the layouts of sites."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import Result
from profiles.recorded_at_site import ESRF, PETRA, RunAtSite, claim, open_beamtime
from recorder.made_run import CONFIGS, PONI, SHAPE, image
from reprocess.finished_run import columns, differing
from typer import Typer
from typer.testing import CliRunner

from operando.cli.reprocess import reprocess as command
from operando.errors import ConfigurationError
from operando.recorder.plots import check_plots
from operando.recorder.raw_links import check_raw_links
from operando.recorder.reprocessing import Manner, Wishes, reprocess


def invoke(*arguments: object) -> Result:
    app = Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_many_files_go_to_a_folder_and_one_that_cannot_be_does_not_stop_the_others(home: Path, tmp_path: Path) -> None:
    files = [home, home.with_name("broken.nxs"), home.with_name("second.nxs")]
    shutil.copy(home, files[2])
    files[1].write_bytes(home.read_bytes()[:3000])
    before = [path.read_bytes() for path in files]
    geometry = tmp_path / "farther.poni"
    geometry.write_text(PONI.replace("Distance: 0.25", "Distance: 0.2525"))
    where = ["--reduction", CONFIGS / "simulated.toml", "--threads", 2]
    result = invoke(*files, "--poni", geometry, "--to", tmp_path / "reduced", *where, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout.splitlines()[-1])
    assert [Path(each["file"]).name for each in told["files"]] == [home.name, "second.nxs"]
    assert {"entry": "reprocessed_1", "frames": 4, "patterns": 4, "changed": ["poni"]}.items() <= told["files"][
        0
    ].items()
    assert list(told["failed"]) == [str(files[1])]
    assert "no finished file of record" in told["failed"][str(files[1])]
    assert [path.read_bytes() for path in files] == before
    with h5py.File(tmp_path / "reduced" / home.name) as file:
        for entry in ("xrd", "reprocessed_1"):
            np.testing.assert_array_equal(file[entry]["instrument/detector/frames_000000"][1], image(1))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.nxs"], "no such file"),
        (["FILE", "--poni", "nowhere.poni"], "nowhere.poni"),
        (["FILE", "--root", "."], "no environment log"),
        (["FILE", "FILE", "--to", "reduced"], "named more than once"),
    ],
)
def test_a_wrong_call_changes_nothing(home: Path, arguments: list[str], words: str) -> None:
    before = home.read_bytes()
    result = invoke(*[str(home) if each == "FILE" else each for each in arguments])
    assert isinstance(result.exception, ConfigurationError)
    assert words in str(result.exception)
    assert home.read_bytes() == before


def test_threads_change_no_bit(home: Path) -> None:
    with ThreadPoolExecutor(3) as executor:
        reprocess(home, Wishes(), Manner(executor=executor))
    assert differing(columns(home, "xrd"), columns(home, "reprocessed_1")) == set()


@pytest.mark.parametrize(("site", "entry"), [(ESRF, "1.1"), (PETRA, "scan")], ids=["ESRF", "PETRA III"])
def test_at_a_site_the_new_entry_has_its_names_and_its_stack_of_frames(
    tmp_path: Path, site: dict[str, object], entry: str
) -> None:
    open_beamtime(tmp_path)
    run = RunAtSite(tmp_path, claim(tmp_path, site), frames=4)
    run.record()
    path = next(each for each in tmp_path.rglob("NMC*") if each.is_file() and is_record(each, entry))
    found = reprocess(path, Wishes(), Manner(folder=tmp_path / "reduced"))
    assert differing(columns(path, entry), columns(found.file, found.entry)) == set()
    with h5py.File(found.file) as file:
        for name in (entry, found.entry):
            stack = file[name]["instrument/detector/data"]
            assert stack.shape == (4, *SHAPE)
            np.testing.assert_array_equal(stack[3], image(3))
    with h5py.File(found.file) as file:  # anew: HDF5 opens no raw file in two ways at a time
        assert list(check_plots(file)) + list(check_raw_links(found.file, file)) == []


def is_record(path: Path, entry: str) -> bool:
    if not h5py.is_hdf5(path):
        return False
    with h5py.File(path) as file:
        return isinstance(file.get(f"{entry}/data/I", getlink=True), h5py.HardLink)
