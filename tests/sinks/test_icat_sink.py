"""What ICAT is told later: the file that pyicat-plus itself would have saved for the same run."""

import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import event_model
import pytest
from sinks.toy_sink import Document, Feeder, Target, journalled, run_documents, uid_of

from operando.sinks.delivery import Delivery
from operando.sinks.icat import IcatSink

ICAT = "{http://www.esrf.fr/icat}"
SAVED = Path(__file__).with_name("saved_by_pyicat_plus.xml")
"""``store_dataset(…, strict=True)`` of pyicat-plus 3.1.0 for the run below, below /data/visitor."""
DATASET = "ma6543/bm31/20260301/RAW_DATA/NMC811_cell_3/NMC811_cell_3_0001"
START = 1772409590.0
"""2026-03-01 23:59:50 UTC."""


def esrf_run(
    data_root: Path, stop: bool = True, uid: str = "1c291ca3-0000-4000-8000-000000000007", **site: str
) -> list[Document]:
    facts = {
        "profile": "esrf",
        "data_root": str(data_root),
        "proposal_folder": "ma6543",
        "beamline": "bm31",
        "session": "20260301",
        "sample": "NMC811 cell 3",
        "collection": "NMC811_cell_3",
        "dataset": "0001",
    }
    keys: dict[str, Any] = {
        "stack_pressure": {"dtype": "number", "shape": [], "source": "A", "units": "MPa"},
        "temperature": {"dtype": "number", "shape": [], "source": "B", "units": "°C"},
        "detector_image": {"dtype": "array", "shape": [1, 4, 4], "source": "C", "external": "STREAM:"},
        "state": {"dtype": "string", "shape": [], "source": "D"},
    }
    run = event_model.compose_run(
        uid=uid,
        time=START,
        metadata={
            "scan_id": 7,
            "plan_name": "operando_cycle",
            "cell": {"name": "NMC811 | Li6PS5Cl | Li-In"},
            "operando": {"version": "0.1.0", "site": facts | site},
        },
    )
    stream = run.compose_descriptor(name="xrd", time=START + 1, data_keys=keys)
    documents: list[Document] = [("start", dict(run.start_doc)), ("descriptor", dict(stream.descriptor_doc))]
    for number, temperature in enumerate((25.0, 25.2, float("nan"))):
        data = {"stack_pressure": 83.0 + number, "temperature": temperature, "state": "settled"}
        event = stream.compose_event(
            data=data, timestamps=dict.fromkeys(data, START), time=START + 5 * number, validate=False
        )
        documents.append(("event", dict(event)))
    if stop:
        documents.append(("stop", dict(run.compose_stop(time=START + 17))))
    return documents


def told(documents: list[Document]) -> None:
    sink, uid = IcatSink(), uid_of(documents)
    assert sink.begin(uid, whole=True)
    for name, document in documents:
        sink.send(uid, name, document)
    sink.end(uid)
    sink.close()


def message(data_root: Path) -> ElementTree.Element:
    (file,) = (data_root / "ma6543/bm31/20260301/RAW_DATA/__icat__").iterdir()
    assert file.name == "NMC811_cell_3_0001.xml"
    return ElementTree.parse(file).getroot()


def parameters(root: ElementTree.Element) -> dict[str | None, str | None]:
    return {each.findtext(f"{ICAT}name"): each.findtext(f"{ICAT}value") for each in root.iter(f"{ICAT}parameter")}


def test_it_is_what_pyicat_plus_would_have_saved(tmp_path: Path) -> None:
    told(esrf_run(tmp_path))
    ours, theirs = (
        message(tmp_path),
        ElementTree.fromstring(SAVED.read_text().replace("/data/visitor", str(tmp_path)).encode()),
    )
    assert ours.tag == theirs.tag
    assert ours.attrib == theirs.attrib
    names = [each.tag for each in theirs if each.tag != f"{ICAT}parameter"]
    assert [each.tag for each in ours] == [*names, *[f"{ICAT}parameter"] * len(parameters(ours))]
    for name in names[:-1]:
        assert ours.findtext(name) == theirs.findtext(name)
    assert ours.findtext(f"{ICAT}sample/{ICAT}name") == theirs.findtext(f"{ICAT}sample/{ICAT}name")
    # It adds the host it runs on and the version of its own dictionary.
    extra = {"machine", "technique_pid_esrfet_version"}
    assert parameters(ours) == {name: value for name, value in parameters(theirs).items() if name not in extra}


def test_its_sensors_are_means_of_what_could_be_measured(tmp_path: Path) -> None:
    told(esrf_run(tmp_path))
    found = parameters(message(tmp_path))
    assert found["SampleEnvironmentSensors_name"] == "stack_pressure[MPa] temperature[°C]"
    assert found["SampleEnvironmentSensors_value"] == "84 25.1"


def test_pyicat_plus_reads_it(tmp_path: Path) -> None:
    pytest.importorskip("pyicat_plus", reason="LGPL, so in no extra; pip install pyicat-plus")
    from pyicat_plus._icat_messaging.deserializers.xml import deserialize_message

    told(esrf_run(tmp_path))
    file = tmp_path / f"{Path(DATASET).parents[1]}/__icat__/NMC811_cell_3_0001.xml"
    kind, facts = deserialize_message(file.read_bytes())
    assert kind == "dataset"
    assert facts["name"] == "0001"
    assert facts["location"] == str(tmp_path / DATASET)
    assert facts["sample"]["name"] == "NMC811 cell 3"
    assert facts["complete"] is True


def test_esrf_looks_for_it_there(tmp_path: Path) -> None:
    esrf_pathlib = pytest.importorskip("esrf_pathlib", reason="needs esrf-pathlib")
    told(esrf_run(tmp_path))
    path = esrf_pathlib.ESRFPath(f"/data/visitor/{DATASET}")
    assert Path(path.raw_metadata_file).relative_to("/data/visitor") == Path(
        "ma6543/bm31/20260301/RAW_DATA/__icat__/NMC811_cell_3_0001.xml"
    )


def test_an_abandoned_run_ends_with_its_last_event(tmp_path: Path) -> None:
    told(esrf_run(tmp_path, stop=False))
    found = message(tmp_path)
    assert found.findtext(f"{ICAT}endDate") == "2026-03-02T00:00:00Z"
    assert ": abandoned;" in str(parameters(found)["Notes_note_00"])


def test_told_twice_it_is_the_same_file(tmp_path: Path) -> None:
    told(esrf_run(tmp_path))
    before = ElementTree.tostring(message(tmp_path))
    told(esrf_run(tmp_path))
    assert ElementTree.tostring(message(tmp_path)) == before


def test_a_run_of_another_layout_is_left_alone(tmp_path: Path) -> None:
    told(run_documents(events=2))
    told(esrf_run(tmp_path, profile="lab"))
    assert list(tmp_path.iterdir()) == []


def test_a_name_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="/ is in it"):
        told(esrf_run(tmp_path / "data", collection="../../../../elsewhere"))
    assert list(tmp_path.rglob("*.xml")) == []


def test_a_folder_that_is_not_there_yet_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "ma6543").write_text("a file where a folder should be")
    root = tmp_path / "root"
    journalled(root, esrf_run(tmp_path))
    feeder = Feeder(root, Target())
    feeder.delivery = Delivery("icat", IcatSink, root / "journal", feeder.positions, clock=lambda: feeder.now)
    feeder.work()
    assert feeder.delivery.health.state == "retrying"
    (tmp_path / "ma6543").unlink()
    feeder.work(10)
    assert feeder.delivery.health.state == "waiting"
    assert message(tmp_path).findtext(f"{ICAT}name") == "0001"


def test_a_folder_that_cannot_be_written_is_the_trouble_of_its_own_run(tmp_path: Path) -> None:
    (tmp_path / "ma1234").write_text("a file where a folder should be")
    root = tmp_path / "root"
    os.utime(journalled(root, esrf_run(tmp_path, uid="another", proposal_folder="ma1234")), (1.0, 1.0))  # the oldest
    journalled(root, esrf_run(tmp_path))
    feeder = Feeder(root, Target())
    feeder.delivery = Delivery("icat", IcatSink, root / "journal", feeder.positions, clock=lambda: feeder.now)
    feeder.work(3600)
    assert message(tmp_path).findtext(f"{ICAT}name") == "0001"
    assert feeder.delivery.health.state == "retrying"
    assert feeder.delivery.health.failures < 20  # 0, 1, 3, … 511 s, then every 600 s
    (tmp_path / "ma1234").unlink()
    feeder.work(600)
    assert feeder.delivery.health.state == "waiting"
    assert len(list(tmp_path.glob("ma*/bm31/20260301/RAW_DATA/__icat__/*.xml"))) == 2
