"""One run catches up while another is measured: what is shown of them."""

from contextlib import closing
from pathlib import Path

from recorder.made_run import MadeRun
from recorder.stepped_recorder import SteppedRecorder

from operando.journal import Journal


def test_the_youngest_run_is_shown_as_long_as_it_goes_on(tmp_path: Path) -> None:
    older, younger = MadeRun(tmp_path, frames=6), MadeRun(tmp_path, frames=6, scan_id=8)
    younger.documents[0][1]["time"] += 1.0
    older.write_frames()
    older.write_log()
    left = {run.uid: list(run.documents) for run in (older, younger)}
    recorder = SteppedRecorder(older)

    def shown_after(run: MadeRun, documents: int) -> str:
        for name, document in left[run.uid][:documents]:
            journals[run.uid](name, document)
        del left[run.uid][:documents]
        recorder.work(20.0)
        assert recorder.runs.latest is not None
        return recorder.runs.latest.run.uid

    with closing(Journal(tmp_path / "journal")) as one, closing(Journal(tmp_path / "journal")) as other:
        journals = {older.uid: one, younger.uid: other}
        assert shown_after(older, 5) == older.uid, "it is the only one"
        assert shown_after(younger, 5) == younger.uid
        assert shown_after(older, 2) == younger.uid, "frames of a run that catches up change nothing"
        assert shown_after(younger, 99) == younger.uid, "complete, and none after it"
        assert shown_after(older, 2) == older.uid
    assert recorder.runs.failed == {}
    recorder.close()
