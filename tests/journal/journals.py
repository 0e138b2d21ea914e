"""Runs made by hand, and their journals."""

from pathlib import Path
from typing import Any

import event_model

from operando.journal import Journal

Document = tuple[str, dict[str, Any]]
KEYS = {"stack_pressure": {"dtype": "number", "shape": [], "source": "PV:SIM:PRESSURE:READBACK"}}


def run_documents(events: int) -> list[Document]:
    """A run that starts at the epoch, with event n at n s, and its stop one second after the last."""
    run = event_model.compose_run(metadata={"plan_name": "operando_cycle"}, time=0.0)
    stream = run.compose_descriptor(name="xrd", data_keys=dict(KEYS), time=0.5)
    documents = [("start", run.start_doc), ("descriptor", stream.descriptor_doc)]
    for number in range(1, events + 1):
        event = stream.compose_event(
            data={"stack_pressure": 85.0 + number}, timestamps={"stack_pressure": number}, time=float(number)
        )
        documents.append(("event", event))
    return [*documents, ("stop", run.compose_stop(time=events + 1.0))]


def path_of(folder: Path, documents: list[Document]) -> Path:
    """Where the journal of a run lies."""
    return folder / f"{documents[0][1]['uid']}.jsonl"


def written(folder: Path, events: int) -> tuple[Path, list[Document]]:
    """A whole run in its journal."""
    documents = run_documents(events)
    journal = Journal(folder)
    for name, doc in documents:
        journal(name, doc)
    return path_of(folder, documents), documents
