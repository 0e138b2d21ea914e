"""Counters beside the detector and the imperfections of its pixels, judged by their statistics."""

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from operando.sim.cell.state import TrueState
from operando.sim.iocs.beam import DIODE_RATE, INCIDENT_RATE, Beam
from operando.sim.iocs.camera_family import CAMERAS
from operando.sim.iocs.exposure import Exposure
from operando.sim.iocs.pixels import HOT_RATE, ImperfectPixels
from operando.sim.iocs.source import Light
from sim_iocs.running_service import Service

SECOND = 10**9
RIGHT_AFTER_TOP_UP = 240 * 7_000_000 * SECOND


def exposures(beam: Beam, count: int = 400) -> list[Exposure]:
    start = RIGHT_AFTER_TOP_UP
    return [beam.exposure(number, start, start + SECOND // 10) for number in range(count)]


def column(exposures: list[Exposure], name: str) -> NDArray[np.float64]:
    return np.array([exposure.attributes[name] for exposure in exposures])


def test_chamber_and_diode_count_as_photons_do_and_apart_from_one_another() -> None:
    seen = exposures(Beam(Light(is_open=True), seed=3, transmission=0.25))
    incident, transmitted = column(seen, "IncidentMonitor"), column(seen, "TransmittedDiode")
    assert incident.mean() == pytest.approx(INCIDENT_RATE / 10, rel=0.001)
    assert transmitted.mean() == pytest.approx(0.25 * DIODE_RATE / 10, rel=0.002)
    assert np.var(incident) == pytest.approx(incident.mean(), rel=0.25)
    assert abs(np.corrcoef(incident, transmitted)[0, 1]) < 0.2
    assert {exposure.light for exposure in seen} == {seen[0].light}


def test_a_flickering_beam_flickers_in_both_and_in_the_light() -> None:
    seen = exposures(Beam(Light(is_open=True), seed=3, transmission=0.25, flicker=0.05))
    light = np.array([exposure.light for exposure in seen])
    assert np.std(light) / light.mean() == pytest.approx(0.05, rel=0.15)
    for name in ("IncidentMonitor", "TransmittedDiode"):
        assert np.corrcoef(light, column(seen, name))[0, 1] > 0.95


def test_behind_a_closed_shutter_the_counters_count_their_offsets_alone() -> None:
    seen = exposures(Beam(Light(is_open=False), seed=3, transmission=0.25))
    assert column(seen, "IncidentMonitor").mean() == pytest.approx(4.0, rel=0.2)
    assert column(seen, "TransmittedDiode").mean() == pytest.approx(25.0, rel=0.1)
    assert column(seen, "RingCurrent").min() > 99.0


class Even:
    """Ten counts in each pixel, and a gap."""

    shape = (60, 50)

    def frame(self, exposure: Exposure, states: Sequence[TrueState]) -> NDArray[np.int32]:
        frame = np.full(self.shape, 10, dtype=np.int32)
        frame[:, 20] = -1
        return frame


def test_bad_pixels_are_the_same_in_each_frame_and_gaps_stay_gaps() -> None:
    pixels = ImperfectPixels(Even(), seed=5, dark_rate=4.0, hot=12, dead=7)
    two_seconds = Exposure(1, 0, 2 * SECOND, light=1.0)
    stack = np.array([pixels.frame(two_seconds, []) for _ in range(50)])
    assert (stack[:, :, 20] == -1).all()
    mean = stack.mean(axis=0)
    good = np.ones(Even.shape, dtype=bool)
    good.reshape(-1)[[*pixels.hot, *pixels.dead]] = False
    good[:, 20] = False
    assert mean[good].mean() == pytest.approx(10.0 + 8.0, rel=0.01)
    hot = mean.reshape(-1)[pixels.hot]
    assert (hot[hot >= 0] > HOT_RATE).all()
    dead = mean.reshape(-1)[pixels.dead]
    assert set(dead) <= {0.0, -1.0}
    again = ImperfectPixels(Even(), seed=5, dark_rate=4.0, hot=12, dead=7)
    np.testing.assert_array_equal(again.hot, pixels.hot)


@pytest.mark.parametrize(
    ("family", "stored"),
    [("pilatus", [-1, 0, 7, 100_000]), ("eiger", [2**32 - 1, 0, 7, 100_000]), ("perkin_elmer", [0, 0, 7, 65_535])],
)
def test_gaps_and_full_counters_are_stored_as_the_detector_does(family: str, stored: list[int]) -> None:
    frame = np.array([[-1, 0, 7, 100_000]], dtype=np.int32)
    assert CAMERAS[family].encode(frame).tolist() == [stored]


def test_the_file_holds_the_counters_of_each_frame(service: Service, tmp_path: Path) -> None:
    path = service.capture(tmp_path / "raw")
    service.expose(0.05, images=3)
    service.put("DET:HDF1:Capture", 0)
    with h5py.File(path) as file:
        attributes = file["/entry/instrument/NDAttributes"]
        current, incident, diode = (
            attributes[name][:] for name in ("RingCurrent", "IncidentMonitor", "TransmittedDiode")
        )
    light = np.array([line["light"] for line in service.truth(path)])
    np.testing.assert_allclose(incident, INCIDENT_RATE * light, rtol=0.03)
    np.testing.assert_allclose(diode, service.setup.transmission * DIODE_RATE * light, rtol=0.03)
    assert ((current > 99.0) & (current <= 100.0)).all()
