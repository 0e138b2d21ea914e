"""A recorder process shows what it records: the same on the feed, in EPICS records and in its file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from caproto.threading.client import Context
from recorder.made_run import NMC811, MadeRun
from recorder.test_recorder_process import PATIENCE_S, Recorder
from waiting import wait_until

from operando.errors import ServiceSilent
from operando.journal import Journal
from operando.live import LiveFeed, Look
from operando.recorder.nexus import is_complete

FRAMES = 6


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[MadeRun, Journal]]:
    """An open run whose frames are all taken."""
    run = MadeRun(tmp_path, FRAMES, lattice=NMC811)
    run.write_frames()
    run.write_log()
    journal = Journal(tmp_path / "journal")
    for name, document in run.documents[:-1]:
        journal(name, document)
    yield run, journal
    journal.close()


def last_looks(root: Path, with_pattern: bool = True) -> dict[str, Look]:
    """Return looks at a waterfall with all frames, and at the last one."""
    with LiveFeed(root, PATIENCE_S) as live:
        seen: dict[str, Look] = {}
        for look in live:
            seen[look.name] = look
            waterfall, pattern = seen.get("waterfall"), seen.get("pattern")
            if waterfall is None or len(waterfall.arrays["time"]) < FRAMES:
                continue
            if not with_pattern or (pattern is not None and pattern.facts["row"] == FRAMES - 1):
                return seen
    raise AssertionError("the recorder ended")


def value_of(context: Context, name: str) -> Any:
    (channel,) = context.get_pvs(f"SIM:LIVE:{name}")
    channel.wait_for_connection(timeout=PATIENCE_S)
    return channel.read(data_type="time")


def test_feed_records_and_file_show_the_same(opened: tuple[MadeRun, Journal], monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = opened
    recorder = Recorder(run.root)
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{recorder.port}")
    monkeypatch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
    context = Context()
    try:
        looks = last_looks(run.root)
        wait_until(lambda: value_of(context, "PATTERN:ROW").data[0] == FRAMES - 1)
        intensity = value_of(context, "PATTERN:INTENSITY")
        radial = value_of(context, "PATTERN:RADIAL").data
        waterfall = value_of(context, "WATERFALL:INTENSITY").data
        number = value_of(context, "PATTERN:NUMBER").data[0]
        seconds = value_of(context, "PATTERN:TIME").data[0]
    finally:
        context.disconnect()
        assert recorder.end() == 0
    assert (number, intensity.metadata.severity) == (FRAMES, 0)
    np.testing.assert_array_equal(np.float32(intensity.data), looks["pattern"].arrays["intensity"])
    np.testing.assert_array_equal(np.float32(waterfall), looks["waterfall"].arrays["intensity"].ravel())
    with h5py.File(run.file) as file:
        np.testing.assert_array_equal(looks["pattern"].arrays["intensity"], file["xrd/data/I"][-1])
        np.testing.assert_array_equal(looks["waterfall"].arrays["intensity"], file["xrd/data/I"][()])
        np.testing.assert_allclose(looks["waterfall"].arrays["time"], file["xrd/frames/time"][()], rtol=1e-6)
        np.testing.assert_allclose(radial, file["xrd/data/radial_axis"][()])
        assert seconds == file["xrd/frames/time"][-1]


def test_a_new_recorder_shows_the_whole_run_also_when_it_is_over_at_once(
    opened: tuple[MadeRun, Journal],
) -> None:
    run, journal = opened
    first = Recorder(run.root)
    assert last_looks(run.root)
    assert first.end() == 0
    with pytest.raises(ServiceSilent):
        LiveFeed(run.root)
    journal(*run.documents[-1])
    second = Recorder(run.root)
    try:
        wait_until(lambda: is_complete(run.file))
        looks = last_looks(run.root, with_pattern=False)  # no row is new
    finally:
        assert second.end() == 0
    with h5py.File(run.file) as file:
        np.testing.assert_array_equal(looks["waterfall"].arrays["intensity"], file["xrd/data/I"][()])
