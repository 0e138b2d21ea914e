"""Links to raw frames: relative, so that the folders can move together, and leading to frames."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from operando.recorder.finding import Finding, Rule
from operando.recorder.pattern_entry import PatternEntry, pattern_entries
from operando.recorder.tree import fields_of, groups_of

PREFIX = "frames_"
"""Name of a link before its number."""


@dataclass(frozen=True, slots=True)
class RawLink:
    """A link to a file of raw frames.

    Parameters
    ----------
    place : str
        Of the link, in its file.
    target : Path
        The raw file.
    dataset : str
        Its frames.
    """

    place: str
    target: Path
    dataset: str


def check_raw_links(path: Path, file: h5py.File) -> Iterator[Finding]:
    """Check the links of every detector, and that the frames of the rows are behind them.

    Parameters
    ----------
    path : Path
        Of the file: links are relative to its folder.
    """
    for patterns in pattern_entries(file, reprocessed=True):
        for detector in groups_of(patterns.entry, "NXdetector"):
            yield from _check_relative(detector)
        yield from _check_targets(patterns, raw_links(path.resolve().parent, patterns.entry))


def raw_links(folder: Path, entry: h5py.Group) -> dict[int, RawLink]:
    """Return the links to raw files below an entry by their number; ``folder`` is that of the file."""
    links: dict[int, RawLink] = {}
    for detector in groups_of(entry, "NXdetector"):
        links |= _links(folder, detector)
    return links


def _links(folder: Path, detector: h5py.Group) -> dict[int, RawLink]:
    """Return the links to raw files by their number."""
    found = {}
    for name in detector:
        link, number = detector.get(name, getlink=True), name.removeprefix(PREFIX)
        if isinstance(link, h5py.ExternalLink) and name.startswith(PREFIX) and number.isdigit():
            found[int(number)] = RawLink(f"{detector.name}/{name}", folder / link.filename, link.path)
    return found


def _check_relative(detector: h5py.Group) -> Iterator[Finding]:
    """Check what leads into other files: links, and the sources of a stack made of them."""
    places = {name: detector.get(name, getlink=True) for name in detector}
    targets = {name: [link.filename] for name, link in places.items() if isinstance(link, h5py.ExternalLink)}
    for name, field in fields_of(detector):
        if field.is_virtual:
            targets[name] = [source.file_name for source in field.virtual_sources()]
    for name, files in targets.items():
        absolute = [file for file in files if os.path.isabs(file)]
        if absolute:
            words = f"absolute path {absolute[0]}: the folders cannot move together"
            yield Finding(Rule.RAW_LINK, f"{detector.name}/{name}", words)


def _check_targets(patterns: PatternEntry, links: dict[int, RawLink]) -> Iterator[Finding]:
    files, indices = patterns.column("raw_file"), patterns.column("raw_index")
    if files is None or indices is None:
        return
    with_pattern = np.ones(len(files), dtype=bool)
    with_pattern[[row for row, _ in patterns.gaps() if 0 <= row < len(files)]] = False
    absent = []
    for number in np.unique(files[(files >= 0) & with_pattern]):
        link = links.get(int(number))
        last = int(indices[(files == number) & with_pattern].max())
        if link is None:
            words = f"no link to raw file {number}, of which there are patterns"
            yield Finding(Rule.RAW_LINK, f"{patterns.frames.name}/raw_file", words)
        elif not link.target.is_file():
            absent.append(link)
        else:
            yield from _check_frames(link, last)
    if absent:
        words = f"{len(absent)} of {len(links)} raw files are missing, first {absent[0].target}"
        yield Finding(Rule.RAW_MISSING, absent[0].place, words)


def _check_frames(link: RawLink, last: int) -> Iterator[Finding]:
    """Check that a raw file has the frames that patterns were made of; the detector may still write it."""
    try:
        with _opened(link.target) as raw:
            frames = raw.get(link.dataset)
            if not isinstance(frames, h5py.Dataset):
                yield Finding(Rule.RAW_LINK, link.place, f"{link.target} holds no {link.dataset}")
            elif len(frames) <= last:
                words = f"{link.target} holds {len(frames)} frames, there is a pattern of its frame {last}"
                yield Finding(Rule.RAW_LINK, link.place, words)
    except OSError as error:
        yield Finding(Rule.RAW_LINK, link.place, f"{link.target} does not open: {str(error).splitlines()[0]}")


def _opened(path: Path) -> h5py.File:
    """Open a raw file; one that a detector writes, or left behind when it died, opens for SWMR alone."""
    try:
        return h5py.File(path, "r", locking=False)
    except OSError:
        return h5py.File(path, "r", libver="latest", swmr=True, locking=False)
