"""What was recorded without a pattern, because nothing fitted together, and has one afterwards."""

from pathlib import Path

import numpy as np
from recorder.made_run import PONI, MadeRun
from reprocess.finished_run import columns, record_again

from operando.recorder.reprocessing import Wishes, reprocess


def test_a_run_recorded_with_the_geometry_of_another_detector_gets_its_patterns_afterwards(tmp_path: Path) -> None:
    made = MadeRun(tmp_path, frames=2, per_file=3)
    made.documents[0][1]["operando"]["poni"] = PONI.replace('"max_shape": [240, 200]', '"max_shape": [1679, 1475]')
    made.write_frames()
    made.write_log()
    made.write_journal()
    record_again(made.root)
    assert not np.isfinite(columns(made.file, "xrd")["I"]).any()
    assert reprocess(made.file, Wishes(poni=PONI)).patterns == 2
    assert np.isfinite(columns(made.file, "reprocessed_1")["I"]).any()
