"""From frames with monitors to the file of record: quality, masked reflections, and patterns less their blank."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from quality.measured_run import EMPTY, SAMPLE, WALL_Q, MeasuredRun, recipe_with
from recorder.made_run import ACQUIRE_S, CONFIGS, NMC811, SHAPE, image
from recorder.same_file import assert_same_file

from operando.analysis import Integrator
from operando.config import load, load_parasitic
from operando.history import EnvironmentHistory
from operando.journal import Journal
from operando.recorder.appraisal import misfit_of
from operando.recorder.blank_file import read_blank
from operando.recorder.blank_making import make_blank
from operando.recorder.run import Run
from operando.recorder.runs import Runs
from operando.recorder.service import run as record
from operando.recorder.validation import validate

LIT = [0, 1, 2, 4, 5]
DARK = MeasuredRun.DARK


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blank")
    record = MeasuredRun(folder, sample=False).record()
    made = make_blank(record, folder / "blank.nxs")
    assert (made.frames, made.left_out) == (5, 1)
    return made.file


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> MeasuredRun:
    further = {"blank": read_blank(blank), "parasitic": [each.document() for each in load_parasitic(("copper",))]}
    folder = tmp_path_factory.mktemp("cell")
    return MeasuredRun(folder, True, recipe_with(parasitic=("copper",)), further, lattice=NMC811)


@pytest.fixture(scope="module")
def file(run: MeasuredRun) -> Iterator[h5py.File]:
    with h5py.File(run.record(), "r") as file:
        yield file


def test_the_file_is_valid(run: MeasuredRun, file: h5py.File) -> None:
    assert validate(run.file) == []


def test_monitors_stand_beside_the_patterns_without_their_dark(file: h5py.File) -> None:
    frames = file["xrd/frames"]
    assert frames["incident_monitor"][0] == pytest.approx(1e6, rel=5e-3)
    assert frames["transmission"][:][LIT] == pytest.approx(2 * EMPTY * SAMPLE, rel=5e-3)
    assert frames["ring_current"][5] == pytest.approx(75.0)
    assert frames["counts_over_monitor"][:][LIT] * frames["incident_monitor"][:][LIT] == pytest.approx(
        frames["counts_total"][:][LIT]
    )


def test_a_frame_without_beam_is_seen_and_compared_with_nothing(file: h5py.File) -> None:
    frames = file["xrd/frames"]
    assert frames["beam_off"][:].tolist() == [int(row == DARK) for row in range(6)]
    for name in ("change_previous", "change_first", "blank_scale"):
        assert np.isnan(frames[name][DARK]), name
    assert np.all(frames["change_previous"][:][[1, 2, 4, 5]] < 0.01)
    assert np.isnan(frames["change_first"][0])


def test_bins_of_copper_are_marked_and_no_others(file: h5py.File) -> None:
    excluded, q = file["xrd/data/excluded"][:] == 1, file["xrd/data/radial_axis"][:]
    assert excluded[np.argmin(np.abs(q - WALL_Q))]
    assert 0.02 < excluded.mean() < 0.2
    assert "copper" in file["xrd/data/excluded"].attrs["long_name"]


def test_without_the_blank_the_pattern_is_that_of_the_electrode(file: h5py.File, tmp_path: Path, blank: Path) -> None:
    net = file["xrd/reduction/blank_subtracted"]
    assert net.attrs["signal"] == "I_net"
    assert file["xrd/frames/blank_scale"][0] == pytest.approx(SAMPLE / 0.88, rel=5e-3)  # of the mean of five frames
    alone = _electrode_alone(tmp_path)
    for row in LIT:
        assert np.abs(_pull(net["I_net"][row] - alone[row], net["I_net_errors"][row])) < 0.2
    assert np.all(np.isnan(net["I_net"][DARK]))
    assert net["blank/file"].asstr()[()] == blank.name


def test_the_measured_pattern_is_what_it_would_be_without_all_that(file: h5py.File, tmp_path: Path) -> None:
    plain = MeasuredRun(tmp_path, sample=True)
    with h5py.File(plain.record(), "r") as other:
        assert np.array_equal(other["xrd/data/I"], file["xrd/data/I"], equal_nan=True)
        assert "excluded" not in other["xrd/data"]
        assert "blank_subtracted" not in other["xrd/reduction"]
        assert "blank_scale" not in other["xrd/frames"]


class DarkMonitor(MeasuredRun):
    """Its monitor counts as much in the dark as of the beam."""

    DARK_PER_S = 2e6

    def __init__(self, root: Path, reference: float | None, below: float | None = 1000.0) -> None:
        super().__init__(root, True, recipe_with(monitor_reference=reference))
        quality = self.documents[0][1]["operando"]["configuration"]["quality"]
        quality.update(monitor_dark_per_s=self.DARK_PER_S, beam_off_below_per_s=below)

    def frame(self, number: int) -> tuple[np.ndarray, dict[str, float]]:
        pixels, counted = super().frame(number)
        noise = 3.0 if number == self.DARK else 0.0  # above the dark by less than that scatters
        counted["IncidentMonitor"] += self.DARK_PER_S * ACQUIRE_S - 40 + noise
        return pixels, counted


def test_patterns_are_scaled_by_what_the_monitor_counted_above_its_dark(tmp_path: Path) -> None:
    with (
        h5py.File(DarkMonitor(tmp_path / "plain", None).record()) as plain,
        h5py.File(DarkMonitor(tmp_path / "scaled", 1e6).record()) as scaled,
    ):
        monitor = scaled["xrd/frames/incident_monitor"][:][LIT]
        assert monitor == pytest.approx(1e6 * (1 - 0.05 * np.array(LIT)), rel=5e-3)
        factor = (1e6 / monitor)[:, None]
        assert scaled["xrd/data/I"][:][LIT] == pytest.approx(factor * plain["xrd/data/I"][:][LIT], rel=1e-5)


@pytest.mark.parametrize(("below", "why"), [(1000.0, "beam_off_below_per_s"), (None, "its dark scatters by")])
def test_a_frame_without_beam_is_not_scaled_by_noise(tmp_path: Path, below: float | None, why: str) -> None:
    run = DarkMonitor(tmp_path, 1e6, below)
    with h5py.File(run.record()) as file:
        assert np.isfinite(file["xrd/data/I"][:, 100]).tolist() == [row != DARK for row in range(6)]
        (reason,) = file["xrd/gaps/reason"].asstr()[()]
        assert "counts above its dark" in reason
        if below is None:
            assert why in reason
        else:
            assert file["xrd/frames/beam_off"][:].tolist() == [int(row == DARK) for row in range(6)]
        assert np.isfinite(file["xrd/frames/incident_monitor"][DARK])
    assert validate(run.file) == []


def test_saturated_pixels_are_counted_where_the_recipe_says_what_that_is(tmp_path: Path, file: h5py.File) -> None:
    assert "saturated_pixels" not in file["xrd/frames"]
    run = MeasuredRun(tmp_path, True, recipe_with(saturation=400.0))
    with h5py.File(run.record(), "r") as other:
        frame, _ = run.frame(0)
        assert other["xrd/frames/saturated_pixels"][0] == pytest.approx(np.count_nonzero(frame >= 400), rel=0.02)
        assert np.count_nonzero(frame >= 400) > 50
        assert other["xrd/frames/saturated_pixels"][DARK] == 0


def test_a_blank_with_other_bins_is_left_alone_and_the_file_says_why(tmp_path: Path, blank: Path) -> None:
    further = {"blank": read_blank(blank)}
    run = MeasuredRun(tmp_path, True, recipe_with(npt=300), further)
    with h5py.File(run.record(), "r") as file:
        assert "400 bins, the patterns have 300" in file["xrd/no_blank_reason"].asstr()[()]
        assert "blank_subtracted" not in file["xrd/reduction"]


OTHER_BEAM = """poni_version: 2.1
Detector: Detector
Detector_config: {"pixel1": 5e-4, "pixel2": 5e-4, "max_shape": [240, 200], "orientation": 3}
Distance: 0.25
Poni1: 0.0
Poni2: 0.0
Wavelength: 2.1e-11
"""


@pytest.mark.parametrize(
    ("recipe", "changed", "reason"),
    [
        ({"azimuth_range": (0.0, 60.0)}, {}, "azimuth_range = None, the patterns with (0.0, 60.0)"),
        ({"saturation": 1e5}, {}, "saturation = None, the patterns with 100000.0"),
        ({}, {"poni": OTHER_BEAM}, "measured at 0.21 Å, the patterns at 0.20664 Å"),
        ({}, {"poni": "Distance: 1"}, "the blank's geometry: PONI"),
        ({}, {"sigma": None}, "without error_model, the patterns with poisson"),
        ({"error_model": None}, {"sigma": None}, ""),
    ],
    ids=["azimuth", "saturation", "wavelength", "no geometry", "no errors", "no errors on either side"],
)
def test_a_blank_that_was_measured_otherwise_is_told_apart(
    tmp_path: Path, blank: Path, recipe: dict[str, Any], changed: dict[str, Any], reason: str
) -> None:
    further = {"blank": read_blank(blank) | changed}
    run = Run.from_start(MeasuredRun(tmp_path, True, recipe_with(**recipe), further).documents[0][1])
    told = misfit_of(run, Integrator(run.poni, run.recipe, SHAPE))
    assert (reason in told) if reason else told == ""


def test_made_again_from_its_journal_it_is_the_same_file(run: MeasuredRun, file: h5py.File, tmp_path: Path) -> None:
    kept = tmp_path / "kept.nxs"
    kept.write_bytes(run.file.read_bytes())
    run.file.unlink()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    assert_same_file(kept, run.file)


def test_recorders_that_come_and_go_compare_the_same_patterns(
    run: MeasuredRun, file: h5py.File, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.nxs"
    kept.write_bytes(run.file.read_bytes())
    run.file.unlink()
    run.journal.unlink()
    journal, lengths = Journal(run.root / "journal"), []
    for name, document in run.documents:
        journal(name, document)
        if name == "event":  # a recorder of its own for each frame
            lengths.append(_recorded_rows(run))
    journal.close()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    assert lengths == [1, 2, 3, 4, 5, 6]
    assert_same_file(kept, run.file)


def _recorded_rows(run: MeasuredRun) -> int:
    """Start a recorder, let it do what there is to do, and close it; return how many frames have a row."""
    now = 0.0
    history = EnvironmentHistory(run.root / "environment")
    runs = Runs(run.root / "journal", run.data, history, clock=lambda: now)
    runs.discover()
    for _ in range(2):
        while runs.step():
            pass
        now += 1.0
    length = sum(recording.length for recording in runs.active)
    runs.close()
    history.close()
    return length


def _electrode_alone(folder: Path) -> np.ndarray:
    class Alone(MeasuredRun):
        def frame(self, number: int) -> tuple[np.ndarray, dict[str, float]]:
            return image(number), super().frame(number)[1]

    with h5py.File(Alone(folder, sample=True).record(), "r") as file:
        return np.asarray(file["xrd/data/I"][()])


def _pull(difference: np.ndarray, sigma: np.ndarray) -> float:
    known = sigma > 0
    return float(np.mean(difference[known] / sigma[known]))


def test_a_frame_that_cannot_be_judged_keeps_its_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_a_loss(*_: object) -> None:
        raise MemoryError("no room for tables")

    monkeypatch.setattr("operando.recorder.stage.frame_quality", at_a_loss)
    run = MeasuredRun(tmp_path, True)
    with h5py.File(run.record(), "r") as file:
        assert np.isfinite(file["xrd/data/I"][:]).any(axis=1).all()
        assert np.isnan(file["xrd/frames/spottiness"][:]).all()
        reasons = file["xrd/gaps/reason"].asstr()[()]
    assert reasons[0] == "frame 0 of frames_000000.h5 is integrated and not judged: MemoryError: no room for tables"
    assert validate(run.file) == []
