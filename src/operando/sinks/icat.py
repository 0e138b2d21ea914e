"""What ESRF's catalogue is told of a run, saved in a file that is sent later.

The form is that of pyicat-plus, ``IcatClient.store_dataset(…, store_filename=…)`` (https://pyicat-plus.readthedocs.io):
one message of the schema ``http://www.esrf.fr/icat`` a file, which ``icat-store-from-file`` sends as it is. The file
lies where BLISS puts its own, ``RAW_DATA/__icat__/<collection>_<dataset>.xml``. Nothing is contacted from here.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from operando.sinks.sensors import Sensors
from operando.vocabulary.esrf_folders import dataset_folder, raw_data_folder

NAMESPACE = "http://www.esrf.fr/icat"
FOLDER = "__icat__"
TECHNIQUE = "XRPD"
"""ESRF's acronym of powder diffraction (https://esrf-ontologies.readthedocs.io)."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Run:
    start: Mapping[str, Any]
    latest: float
    """POSIX s, of the last document that bears a time."""
    reason: str = "abandoned"
    sensors: Sensors = field(default_factory=Sensors)


class IcatSink:
    """Writes a file for each run of the layout ``esrf``, when it has ended; a second time changes nothing."""

    resumes = False

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def begin(self, run: str, whole: bool) -> bool:
        """Forget what was heard of a run before."""
        self._runs.pop(run, None)
        return True

    def send(self, run: str, name: str, document: Mapping[str, Any]) -> None:
        """Take note of a document."""
        if name == "start":
            if document.get("operando", {}).get("site", {}).get("profile") == "esrf":
                self._runs[run] = _Run(document, float(document["time"]))
            else:
                _logger.info("run %s has no place in ESRF's folders; ICAT is not told of it", run)
        if run not in self._runs:
            return
        known = self._runs[run]
        if isinstance(time := document.get("time"), int | float):
            known.latest = max(known.latest, float(time))
        if name == "stop":
            known.reason = str(document.get("exit_status", "unknown"))
        known.sensors.hear(name, document)

    def end(self, run: str) -> None:
        """Write the file of a run."""
        known = self._runs.pop(run, None)
        if known is None:
            return
        site = known.start["operando"]["site"]
        data_root = Path(site["data_root"])
        dataset = dataset_folder(site, data_root)
        file = raw_data_folder(site, data_root) / FOLDER / f"{dataset.name}.xml"
        _replace(file, _message(_parameters(known, dataset)))

    def close(self) -> None:
        """Hold nothing open."""


def _parameters(run: _Run, dataset: Path) -> dict[str, str]:
    """Return the catalogue's own names → values (https://icat-esrf-definitions.readthedocs.io)."""
    start, site = run.start, run.start["operando"]["site"]
    found = {
        "beamlineID": site["beamline"],
        "proposal": site["proposal_folder"],
        "datasetName": site["dataset"],
        "location": str(dataset),
        "startDate": _iso(float(start["time"])),
        "endDate": _iso(run.latest),
        "complete": "true",
        "Sample_name": site["sample"],
        "definition": TECHNIQUE,
        "technique_pid": f"https://w3id.org/PaN/ESRFET#{TECHNIQUE}",
        "software": f"operando_v{start['operando'].get('version', '')}",
        "scan_description": start.get("plan_name", ""),
        "SampleEnvironment_description": start.get("cell", {}).get("name", ""),
        "SampleEnvironmentSensors_name": " ".join(run.sensors.names()),
        "SampleEnvironmentSensors_value": " ".join(f"{mean:.6g}" for mean in run.sensors.means()),
        "Notes_note_00": f"bluesky run {start['uid']}, scan {start.get('scan_id', 0)}: {run.reason}; "
        "sensors are means over the events of the run",
    }
    return {name: str(value) for name, value in found.items() if value}


def _message(parameters: Mapping[str, str]) -> bytes:
    """Return the message of a dataset; the order of its elements is the schema's."""
    ElementTree.register_namespace("tns", NAMESPACE)
    root = ElementTree.Element(_tag("dataset"), complete=parameters["complete"])
    for name, of in (
        ("investigation", "proposal"),
        ("instrument", "beamlineID"),
        ("name", "datasetName"),
        ("location", "location"),
        ("startDate", "startDate"),
        ("endDate", "endDate"),
    ):
        ElementTree.SubElement(root, _tag(name)).text = parameters[of]
    sample = ElementTree.SubElement(root, _tag("sample"))
    ElementTree.SubElement(sample, _tag("name")).text = parameters["Sample_name"]
    for name, value in parameters.items():
        parameter = ElementTree.SubElement(root, _tag("parameter"))
        ElementTree.SubElement(parameter, _tag("name")).text = name
        ElementTree.SubElement(parameter, _tag("value")).text = value
    return bytes(ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _iso(posix: float) -> str:
    return datetime.fromtimestamp(posix, UTC).isoformat().replace("+00:00", "Z")


def _replace(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    newborn = file.with_suffix(".new")
    newborn.write_bytes(content)
    os.replace(newborn, file)
