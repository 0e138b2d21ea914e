"""Validation against the NeXus definitions, offline, by nexusformat's engine.

nexusformat writes its findings into a log and calls unequal lengths a warning: every line of that log is a finding.
All entries are checked against the base classes, too, where only errors count (an undocumented field is allowed) and
where ``unknown`` stands outside every enumeration: what nobody said is not wrong.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
from nexusformat.nexus import NeXusError, nxload
from nexusformat.nexus.validate import get_validator

from operando.recorder.application import BASE_CLASSES, BundledFirst, make_base_classes_known
from operando.recorder.finding import Finding, Rule, Severity
from operando.recorder.layout import UNKNOWN
from operando.recorder.tree import entries, text_of

_PLACE = re.compile(r"^\w+: (/\S*)")
_SEVERITY = {logging.ERROR: Severity.ERROR, logging.WARNING: Severity.WARNING}
_NEWER = tuple(f"{name} is an invalid class in" for name in BASE_CLASSES)
"""NXentry of nexusformat's set does not know the groups of newer definitions."""
_NUMBERED = re.compile(r'"[a-zA-Z0-9_]([a-zA-Z0-9_.]*[a-zA-Z0-9_])?" is an invalid name')
"""nexusformat refuses what the manual allows, and ESRF's scans bear: https://manual.nexusformat.org/datarules.html."""
_LINK = "This is a broken link to"
"""Raw files that are not there have rules of their own."""


class _Collector(logging.Handler):
    """Turns the lines of nexusformat's log into findings; CRITICAL ones name the place of what follows."""

    def __init__(self, rule: Rule, place: str) -> None:
        super().__init__()
        self._rule = rule
        self._place = place
        self._context = ""
        self.findings: list[Finding] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line."""
        text = record.getMessage().strip()
        if record.levelno == logging.CRITICAL:
            found = _PLACE.match(text)
            self._place = found[1] if found and found[1] != "/" else self._place
            self._context = "" if found or not text.startswith("Group:") else f"{text.removeprefix('Group: ')}: "
        elif record.levelno in _SEVERITY:
            self.findings.append(Finding(self._rule, self._place, self._context + text, _SEVERITY[record.levelno]))


def check_definitions(path: Path, file: h5py.File) -> Iterator[Finding]:
    """Check each entry of a file."""
    # Not nexusformat's validate_file and validate_application: they open the file for writing.
    root = nxload(path, "r")
    for entry in entries(file):
        if "definition" in entry:
            yield from _check_application(root[entry.name], entry.name, text_of(entry["definition"]))
        for finding in _check_base_classes(root[entry.name], entry.name):
            if not _is_unknown(file.get(finding.place)):
                yield finding


def _check_application(entry: Any, place: str, application: str) -> Iterator[Finding]:
    with _collected(Rule.DEFINITION, place) as collector:
        try:
            BundledFirst(application).validate(entry)
        except NeXusError as error:
            yield Finding(Rule.DEFINITION, place, str(error))
    yield from collector.findings


def _check_base_classes(entry: Any, place: str) -> list[Finding]:
    make_base_classes_known()
    with _collected(Rule.BASE_CLASS, place) as collector:
        get_validator(entry.nxclass).validate(entry)
    found = [finding for finding in collector.findings if finding.severity is Severity.ERROR]
    found = [finding for finding in found if not finding.message.startswith((*_NEWER, _LINK))]
    return [finding for finding in found if not _NUMBERED.fullmatch(finding.message)]


def _is_unknown(item: Any) -> bool:
    return (
        isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None and text_of(item) == UNKNOWN
    )


@contextmanager
def _collected(rule: Rule, place: str) -> Iterator[_Collector]:
    """Have nexusformat's log to ourselves; it would go to standard output."""
    logger = logging.getLogger("NXValidate")
    collector = _Collector(rule, place)
    handlers, level = logger.handlers, logger.level
    logger.handlers = [collector]
    logger.setLevel(logging.WARNING)
    try:
        yield collector
    finally:
        logger.handlers = handlers
        logger.setLevel(level)
