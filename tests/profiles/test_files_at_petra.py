"""A run at PETRA III: the beamtime's folders, the scan's names, the ingestor's list."""

import logging
from pathlib import Path

import h5py
import numpy as np
import pytest
import silx.io
from profiles.recorded_at_site import METADATA, PETRA, RunAtSite, claim, open_beamtime
from recorder.made_run import image
from silx.io.h5py_utils import top_level_names
from silx.io.nxdata import get_default

from operando.errors import EndstationError
from operando.recorder.profiles.beamtime import find_beamtime, parse
from operando.recorder.validation import validate


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunAtSite:
    root = tmp_path_factory.mktemp("root")
    open_beamtime(root)
    made = RunAtSite(root, claim(root, PETRA | {"fio": True}))
    made.record()
    return made


@pytest.fixture
def raw(run: RunAtSite) -> Path:
    return run.root / "gpfs/current/raw"


def test_scan_file_frames_and_list_lie_as_sardana_puts_them(raw: Path) -> None:
    assert {str(path.relative_to(raw)) for path in raw.rglob("*") if path.is_file()} == {
        "NMC811_cell3_00012.nxs",
        "NMC811_cell3_00012.fio",
        "NMC811_cell3_00012/detector/frames_000000.h5",
        "NMC811_cell3_00012/detector/frames_000001.h5",
        "scicat-datasets-11012345.lst",
    }


def test_viewers_of_desy_find_scan_and_its_data(raw: Path) -> None:
    path = raw / "NMC811_cell3_00012.nxs"
    assert validate(path) == []
    assert top_level_names(str(path), retry_timeout=5) == ["environment", "scan"]
    with h5py.File(path) as file:
        assert file.attrs["default"] == "scan"
        assert {"instrument", "sample", "data"} <= set(file["scan"])
        for entry in file.values():
            assert entry["experiment_identifier"].asstr()[()] == "20200001"
            assert entry["collection_identifier"].asstr()[()] == "11012345"
        assert file["scan/data"].attrs["NX_class"] == "NXdata"
        np.testing.assert_array_equal(file["scan/data/detector"][3], image(3))
        picture = get_default(file)
        assert picture is not None
        assert picture.is_valid


def test_the_text_of_the_scan_is_read_by_silx(raw: Path) -> None:
    with h5py.File(raw / "NMC811_cell3_00012.nxs") as file:
        pressure, time = file["scan/frames/stack_pressure"][()], file["scan/frames/time"][()]
    with silx.io.open(str(raw / "NMC811_cell3_00012.fio")) as fio:
        measured = fio["12.1/measurement"]
        np.testing.assert_allclose(measured["stack_pressure"][()], pressure, rtol=1e-10)
        np.testing.assert_allclose(measured["timestamp"][()], time)
        assert measured["frame_number"][()].tolist() == [1, 2, 3, 4, 5]
        assert fio["12.1/title"][()] == "operando_cycle 12"
        assert fio["12.1/instrument/parameter/end_reason"][()] == "success"


def test_the_ingestor_gets_one_line_a_run_however_often_it_is_recorded(run: RunAtSite, raw: Path) -> None:
    listed = raw / "scicat-datasets-11012345.lst"
    assert listed.read_text() == "\nNMC811_cell3_00012"
    (raw / "NMC811_cell3_00012.nxs").unlink()
    run.record_again()
    assert validate(raw / "NMC811_cell3_00012.nxs") == []
    assert listed.read_text() == "\nNMC811_cell3_00012"


def test_the_beamtime_is_in_the_start_document_without_persons_or_keys(run: RunAtSite) -> None:
    assert run.facts["beamtime"]["beamtimeId"] == "11012345"
    assert run.facts["beamtime"]["proposalId"] == "20200001"
    assert "Someone" not in str(run.facts)
    assert "id_rsa" not in str(run.facts)


def test_words_around_the_object_do_not_matter() -> None:
    assert parse(METADATA)["corePath"] == "/asap3/petra3/gpfs/p07/2026/data/11012345"
    for text in ("", "no object", "} {", "{", '{"beamtimeId": }'):
        with pytest.raises(ValueError, match=r"."):
            parse(text)


def test_a_damaged_metadata_file_still_names_the_beamtime(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = open_beamtime(tmp_path)
    (place / "beamtime-metadata-11012345.json").write_bytes(b'\xff{"beamtimeId": ')
    assert find_beamtime(place) == {"beamtimeId": "11012345"}
    assert "only its number is known" in caplog.text


def test_when_current_is_gone_data_go_to_commissioning_and_then_to_local(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    open_beamtime(tmp_path)
    commissioning = open_beamtime(tmp_path, "gpfs/commissioning", None)
    (commissioning / "commissioning-metadata-c20260301-000-COM20261.json").write_text('{"tag": "x"}')
    open_beamtime(tmp_path, "gpfs/local", None)
    assert claim(tmp_path, PETRA)["data_root"] == str(tmp_path / "gpfs/current")
    assert not caplog.records

    (tmp_path / "gpfs/current").rename(tmp_path / "gpfs/stopped")
    found = claim(tmp_path, PETRA, number=13)
    assert found["data_root"] == str(commissioning)
    assert found["beamtime"] == {"beamtimeId": "c20260301-000-COM20261"}
    assert "gpfs/current/raw cannot be written" in caplog.text

    (commissioning / "raw").rename(commissioning / "no_raw")
    found = claim(tmp_path, PETRA, number=14)
    assert found["data_root"] == str(tmp_path / "gpfs/local")
    assert found["beamtime"] is None


def test_no_place_at_all_is_refused_with_every_reason(tmp_path: Path) -> None:
    with pytest.raises(EndstationError, match=r"no place for data: .*current.*commissioning.*local.*roots; no run"):
        claim(tmp_path, PETRA)


def test_the_data_of_one_beamtime_do_not_go_to_another(tmp_path: Path) -> None:
    place = open_beamtime(tmp_path)
    with pytest.raises(EndstationError, match=r"belongs to beamtime 11012345, .* beamtime_id = '11019999'; no run"):
        claim(tmp_path, PETRA | {"beamtime_id": "11019999"})
    (place / "beamtime-metadata-11019999.json").write_text("{}")
    with pytest.raises(EndstationError, match=r"beamtimes 11012345 and 11019999; .*no run"):
        claim(tmp_path, PETRA)
    assert claim(tmp_path, PETRA | {"beamtime_id": "11019999"})["beamtime"]["beamtimeId"] == "11019999"


def test_a_scan_never_takes_the_name_of_another(tmp_path: Path) -> None:
    place = open_beamtime(tmp_path)
    (place / "raw/NMC811_cell3_00012.nxs").touch()
    assert [claim(tmp_path, PETRA)["scan_name"] for _ in range(2)] == ["NMC811_cell3_00012-2", "NMC811_cell3_00012-3"]


def test_a_run_without_beamtime_or_frames_has_neither_list_nor_text(tmp_path: Path) -> None:
    open_beamtime(tmp_path, "gpfs/local", None)
    made = RunAtSite(tmp_path, claim(tmp_path, PETRA | {"fio": True}), frames=0)
    made.record()
    raw = tmp_path / "gpfs/local/raw"
    assert [path.name for path in raw.iterdir() if path.is_file()] == ["NMC811_cell3_00012.nxs"]
    with h5py.File(raw / "NMC811_cell3_00012.nxs") as file:
        assert file["scan/end_time"].shape == ()
    assert validate(raw / "NMC811_cell3_00012.nxs") == []
