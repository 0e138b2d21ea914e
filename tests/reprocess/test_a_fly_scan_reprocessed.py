"""Frames of a fly scan: announced in batches, without events, some lost by the camera."""

from pathlib import Path

import h5py
import numpy as np
from campaigns.fly_run import FlyRun
from recorder.made_run import MadeRun
from reprocess.finished_run import columns, differing, record_again

from operando.recorder.reprocessing import Wishes, reprocess


def test_batches_and_lost_frames_of_a_fly_scan_come_out_the_same(tmp_path: Path) -> None:
    run = FlyRun(tmp_path, 120)
    run.fly()
    record_again(tmp_path)
    found = reprocess(run.file, Wishes())
    assert (found.frames, found.patterns) == (120, 120)
    assert differing(columns(run.file, "xrd"), columns(run.file, "reprocessed_1")) == set()
    with h5py.File(run.file) as file:
        assert file["xrd/frames_missing"][()] > 0
        assert file["reprocessed_1/frames_missing"] == file["xrd/frames_missing"]
        assert file["reprocessed_1/missing"] == file["xrd/missing"], "why they are lost, the frames cannot say"


def test_a_frame_of_a_flight_that_cannot_be_read_gets_no_time_either(tmp_path: Path) -> None:
    """Nothing stands in for its time: there is no event."""
    run = MadeRun(tmp_path, frames=4, per_file=2)
    run.documents = [document for document in run.documents if document[0] != "event"]
    run.write_frames(missing=[1])
    run.write_log()
    run.write_journal()
    record_again(tmp_path)
    reprocess(run.file, Wishes())
    recorded, again = columns(run.file, "xrd"), columns(run.file, "reprocessed_1")
    assert np.isnan(recorded["time"]).tolist() == [False, False, True, True]
    assert differing(recorded, again) == set()
