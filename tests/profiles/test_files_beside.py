"""What stands beside a file of record is written in the end, and never costs a run."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import pytest
from profiles.recorded_at_site import ESRF, PETRA, RunAtSite, claim, open_beamtime
from recorder.made_run import MadeRun

from operando.errors import RecordError
from operando.recorder.beside import RETRY_S, Beside
from operando.recorder.profiles import record_path
from operando.recorder.profiles.masters import link_entries
from operando.recorder.profiles.scicat import append_dataset
from operando.recorder.run import Run
from operando.recorder.validation import validate


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock that HDF5 takes for writing; HDF5 itself would share the file within one process."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_a_master_file_that_another_program_writes_is_tried_again_by_the_next_recorder(tmp_path: Path) -> None:
    run = RunAtSite(tmp_path, claim(tmp_path, ESRF), frames=0)
    master = tmp_path / "data/ma6543/bm31/20260301/RAW_DATA/ma6543_bm31.h5"
    h5py.File(master, "w").close()
    with held(master), pytest.raises(RecordError, match="beside"):
        run.record()
    (record,) = tmp_path.glob("data/**/RAW_DATA/**/*_0001.h5")
    assert validate(record) == [], "the run itself is whole"
    run.record_again()
    with h5py.File(master) as file:
        assert sorted(file) == ["NMC811_cell3_0001_1.2"]
    assert not list((tmp_path / "run/beside").iterdir())


def test_it_is_tried_again_while_the_recorder_runs(tmp_path: Path) -> None:
    made = RunAtSite(tmp_path, claim(tmp_path, ESRF), frames=0)
    made.record()
    run = Run.from_start(made.documents[0][1])
    record = record_path(tmp_path, run)
    masters = sorted(tmp_path.glob("data/**/ma6543_*.h5"))
    for master in masters:
        master.unlink()
    now = [0.0]
    beside = Beside(tmp_path / "notes", lambda path: True, lambda: now[0])
    beside.promise(run, record)
    assert not beside.step(), "the run goes on"
    beside.complete(run)
    h5py.File(masters[0], "w").close()
    with held(masters[0]):
        assert not beside.step()
        assert list(beside.failed) == [record]
        now[0] = RETRY_S / 2
        assert not beside.step()
    now[0] = RETRY_S
    assert beside.step()
    assert not beside.failed
    assert all(master.exists() for master in masters)


def test_damaged_master_files_are_all_kept_aside(tmp_path: Path) -> None:
    run = RunAtSite(tmp_path, claim(tmp_path, ESRF), frames=0)
    master = tmp_path / "data/ma6543/bm31/20260301/RAW_DATA/ma6543_bm31.h5"
    first, second = master.with_name("ma6543_bm31.h5.damaged"), master.with_name("ma6543_bm31.h5.damaged-2")
    master.write_bytes(b"cut off by a power failure")
    run.record()
    assert first.read_bytes() == b"cut off by a power failure"
    with h5py.File(master) as file:
        assert len(file) == 1
    master.write_bytes(b"and by another one")
    (record,) = tmp_path.glob("data/**/RAW_DATA/**/*_0001.h5")
    link_entries(master, record)
    assert first.read_bytes() == b"cut off by a power failure"
    assert second.read_bytes() == b"and by another one"


def test_an_unknown_profile_or_a_name_that_leads_out_is_no_path(tmp_path: Path) -> None:
    open_beamtime(tmp_path)
    start = RunAtSite(tmp_path, claim(tmp_path, PETRA), frames=1).documents[0][1]
    for key, value in (("profile", "aps"), ("scan_name", "../../cell"), ("scan_name", ""), ("data_root", "gpfs")):
        site = {**start["operando"]["site"], key: value}
        run = Run.from_start({**start, "operando": {**start["operando"], "site": site}})
        with pytest.raises(RecordError, match="stays in its journal"):
            record_path(tmp_path, run)


def test_a_uid_cannot_lead_out_of_the_laboratory_either(tmp_path: Path) -> None:
    start = MadeRun(tmp_path, frames=1).documents[0][1]
    with pytest.raises(RecordError, match="no name of a folder"):
        record_path(tmp_path, Run.from_start({**start, "uid": "../../ab"}))


def test_a_run_can_be_recorded_elsewhere(tmp_path: Path) -> None:
    open_beamtime(tmp_path)
    run = Run.from_start(RunAtSite(tmp_path, claim(tmp_path, PETRA), frames=1).documents[0][1])
    assert record_path(tmp_path / "out", run, elsewhere=True) == tmp_path / "out/raw/NMC811_cell3_00012.nxs"


def test_a_list_keeps_what_others_wrote(tmp_path: Path) -> None:
    listed = tmp_path / "scicat-datasets-11012345.lst"
    listed.write_text("\nother_00001\n__command__ start group\nmine_00002:1700000000.5")
    for name in ("mine_00003", "mine_00002", "mine_00003"):
        append_dataset(tmp_path, "11012345", name)
    assert listed.read_text().split("\n")[1:] == [
        "other_00001",
        "__command__ start group",
        "mine_00002:1700000000.5",
        "mine_00003",
    ]
