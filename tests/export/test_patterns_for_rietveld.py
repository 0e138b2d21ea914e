"""Patterns as xye files: numbers of the file of record, in the form that Rietveld programs read."""

from errno import ENOSPC
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.damaged import made_file
from recorder.made_run import MadeRun

from operando.analysis import q_from_two_theta
from operando.errors import RecordError
from operando.export.xye import export_xye, two_theta

WAVELENGTH = 0.20664


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return made_file(tmp_path_factory.mktemp("root"), frames=4)


@pytest.fixture
def copy(run: MadeRun, tmp_path: Path) -> Path:
    path = tmp_path / "quick sequence.nxs"
    path.write_bytes(run.file.read_bytes())
    return path


def comments(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.startswith("#")]


def test_two_theta_is_braggs() -> None:
    angles = np.array([0.5, 5.0, 60.0])
    np.testing.assert_allclose(two_theta(q_from_two_theta(angles, WAVELENGTH), WAVELENGTH), angles)
    assert np.isnan(two_theta(np.array([1e4]), WAVELENGTH)[0])


def test_each_frame_has_a_file_with_its_pattern_and_the_roots_of_its_variances(run: MadeRun, tmp_path: Path) -> None:
    written = export_xye(run.file, tmp_path)
    assert [file.name for file in written.files] == [f"{run.file.stem}_{row:06d}.xye" for row in range(4)]
    with h5py.File(run.file) as file:
        for row, path in enumerate(written.files):
            angle, intensity, sigma = np.loadtxt(path).T
            keep = file["xrd/data/I_errors"][row] > 0
            q = file["xrd/data/radial_axis"][()][keep]
            np.testing.assert_allclose(q_from_two_theta(angle, WAVELENGTH), q, rtol=1e-5)
            np.testing.assert_allclose(intensity, file["xrd/data/I"][row][keep], rtol=1e-6)
            np.testing.assert_allclose(sigma, file["xrd/data/I_errors"][row][keep], rtol=1e-6)
            assert np.all(np.diff(angle) > 0)


def test_a_header_names_source_wavelength_and_conditions(run: MadeRun, tmp_path: Path) -> None:
    (path,) = export_xye(run.file, tmp_path, slice(2, 3)).files
    told = dict(line.removeprefix("# ").split(" = ") for line in comments(path) if " = " in line)
    assert told["source"] == run.file.name
    assert told["run"] == run.uid
    assert float(told["wavelength_A"]) == pytest.approx(WAVELENGTH)
    assert float(told["temperature_K"]) == pytest.approx(298.15 + 0.055, abs=0.01)
    assert told["time"] == "2026-03-01T23:59:55.500000+00:00"


def test_no_comment_makes_gsas_take_degrees_for_q(copy: Path, tmp_path: Path) -> None:
    """Its reader takes the second word of a comment with a small q for a wavelength, and the first column for q."""
    (path,) = export_xye(copy, tmp_path / "out", slice(0, 1)).files
    assert comments(path)
    assert not [line for line in comments(path) if "q" in line]


def test_the_mean_has_the_smaller_error(run: MadeRun, tmp_path: Path) -> None:
    (path,) = export_xye(run.file, tmp_path, slice(1, 4), mean=True).files
    assert path.name == f"{run.file.stem}_000001-000003_mean.xye"
    _, intensity, sigma = np.loadtxt(path).T
    with h5py.File(run.file) as file:
        patterns, errors = file["xrd/data/I"][1:4].astype(float), file["xrd/data/I_errors"][1:4].astype(float)
    keep = np.all(errors > 0, axis=0)
    np.testing.assert_allclose(intensity, patterns.mean(axis=0)[keep], rtol=1e-6)
    np.testing.assert_allclose(sigma, np.sqrt((errors**2).sum(axis=0))[keep] / 3, rtol=1e-6)


def test_a_bin_without_a_variance_and_a_frame_without_a_pattern_are_left_out(copy: Path, tmp_path: Path) -> None:
    with h5py.File(copy, "r+") as file:
        file["xrd/data/I"][1] = np.nan
        file["xrd/data/I_errors"][0, 7] = 0.0
        file["xrd/data/I"][0, 9] = np.nan
        before = int(np.count_nonzero(file["xrd/data/I_errors"][3] > 0))
    written = export_xye(copy, tmp_path / "out")
    assert written.skipped == 1
    assert [file.name[-10:-4] for file in written.files] == ["000000", "000002", "000003"]
    assert len(np.loadtxt(written.files[0])) == before - 2
    assert len(np.loadtxt(written.files[2])) == before


def test_what_is_not_there_is_refused_in_words(copy: Path, tmp_path: Path) -> None:
    with h5py.File(copy, "r+") as file:
        del file["xrd/data/I_errors"]
    with pytest.raises(RecordError, match="no I_errors"):
        export_xye(copy, tmp_path / "out")
    with h5py.File(copy, "r+") as file:
        del file["xrd"]
    with pytest.raises(RecordError, match="no patterns in it"):
        export_xye(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("first", "end"), [(9, 12), (2, 5), (4, None), (-2, None), (None, -1), (2, 2), (3, 1)])
def test_frames_that_are_not_there_are_no_fewer_frames(
    run: MadeRun, tmp_path: Path, first: int | None, end: int | None
) -> None:
    with pytest.raises(RecordError, match=r"--frames \S*:\S*: \S+\.nxs has 4 frames, 0 to 3; .*nothing is exported"):
        export_xye(run.file, tmp_path / "out", slice(first, end))
    assert not (tmp_path / "out").exists()


def test_a_file_that_was_not_finished_does_not_bear_its_name(
    run: MadeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk refuses some part of it, and what is there is the start of a table, or nothing."""
    replaced: list[Path] = []

    def full(unfinished: Path, target: Path) -> None:
        assert unfinished.read_text().startswith("# source"), "before it gets its name"
        assert not target.exists()
        replaced.append(target)
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RecordError, match="No space left on device; files written before it stay"):
        export_xye(run.file, tmp_path)
    assert [path.name for path in replaced] == [f"{run.file.stem}_000000.xye"]
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_where_one_file_would_be_replaced(run: MadeRun, tmp_path: Path) -> None:
    (tmp_path / f"{run.file.stem}_000002.xye").write_text("mine")
    with pytest.raises(RecordError, match="exists already"):
        export_xye(run.file, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
