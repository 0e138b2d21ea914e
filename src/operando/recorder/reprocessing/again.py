"""A run reduced again: another geometry, recipe or calibration, as a new entry beside the recorded one.

The file of record is never written. A copy of it gets the new entry, is compared with it, goes to the disk, and takes
its place in one step of the file system.
"""

import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from operando.analysis import recipe_digest
from operando.errors import RecordError
from operando.recorder.instants import iso8601
from operando.recorder.pattern_entry import PatternEntry
from operando.recorder.reprocessing.calibration import Conversion, Recalibrated
from operando.recorder.reprocessing.conditions import TAKEN_OVER, find_log, open_conditions
from operando.recorder.reprocessing.graft import graft, next_name
from operando.recorder.reprocessing.links import relink
from operando.recorder.reprocessing.manner import Manner, Reprocessed
from operando.recorder.reprocessing.original import Original, read_original
from operando.recorder.reprocessing.provenance import Signature, link_provenance, write_provenance
from operando.recorder.reprocessing.replay import replay
from operando.recorder.reprocessing.taken_over import take_over
from operando.recorder.reprocessing.untouched import check_untouched
from operando.recorder.reprocessing.wishes import Wishes, differences
from operando.recorder.reprocessing.workshop import Workshop
from operando.recorder.run import Run
from operando.recorder.stage import integrator_of
from operando.vocabulary import who

ROOM = 2
"""Sizes of the file of record that must be free beside it: its copy, and the one that the stages write."""
BYTES = 4
"""Of a number in a pattern; there are as many of its errors."""


def reprocess(path: Path, wishes: Wishes, manner: Manner | None = None) -> Reprocessed:
    """Reduce the run of a file of record again, and add what comes of it as a new entry.

    Parameters
    ----------
    path : Path
        A finished file of record. Whatever happens, it stays what it is, or becomes the whole new file in one step.
    wishes : Wishes
        What is to be otherwise.
    manner : Manner, optional
        How it is done.

    Raises
    ------
    RecordError
        The file is not finished or its frames are gone, somebody else works on it, or the disk takes no more.
    AnalysisError
        Geometry, recipe and frames do not fit together.
    """
    manner = manner or Manner()
    path = path.resolve()
    target = path if manner.folder is None else _elsewhere(path, manner.folder)
    with Workshop(target) as workshop:
        original = read_original(path)
        run = wishes.fulfilled(original.run)
        # What does not fit is said before anything is done.
        integrator_of(run.poni, run.recipe, original.shape, recipe_digest(run.recipe))
        try:
            return _Job(original, run, wishes, manner, workshop).do()
        except (OSError, RuntimeError) as error:  # HDF5 has words of its own for a disk that is full
            raise RecordError(f"{target}: cannot be made: {error}; {path.name} is as it was") from error


@dataclass(frozen=True, slots=True)
class _Job:
    original: Original
    run: Run
    wishes: Wishes
    manner: Manner
    workshop: Workshop

    def do(self) -> Reprocessed:
        """Make the new file, and let it take its place."""
        path, target = self.original.path, self.workshop.target
        self._check_room()
        with h5py.File(path, "r") as file:
            made, conditions = self._reduce(file)
            copy = self.workshop.take_copy(path)
            name, patterns = self._add(made, copy, conditions)
            with h5py.File(copy, "r") as new:
                check_untouched(file, new, links=target.parent == path.parent)
        self.workshop.publish()
        changed = tuple(sorted(differences(self.original.run, self.run, self.wishes)))
        return Reprocessed(target, name, len(self.original.rows), patterns, conditions, changed)

    def _check_room(self) -> None:
        needed = ROOM * self.original.path.stat().st_size
        needed += 2 * BYTES * self.run.recipe.npt * max(1, self.run.recipe.sectors) * len(self.original.rows)
        free = shutil.disk_usage(self.workshop.folder).free
        if free < needed:
            raise RecordError(
                f"{self.workshop.folder.parent}: {free / 1e6:.0f} MB free, {needed / 1e6:.0f} MB are wanted while "
                f"{self.original.path.name} is reprocessed; nothing was changed"
            )

    def _reduce(self, file: h5py.File) -> tuple[Path, str]:
        """Let the recorder's stages write a file of this run; return it, and where its conditions come from."""
        folder = self.manner.log or find_log(self.original)
        history, conditions = open_conditions(self.original, file, folder, self.manner.log is not None)
        with closing(history):
            if self.wishes.load_cell:
                if conditions is TAKEN_OVER:
                    raise RecordError(f"{self.original.path}: no log of the pressure that could be converted")
                conversion = Conversion.between(self.original.run, self.run, self.wishes.load_cell.scale)
                history = Recalibrated(history, self.run, conversion)
            stage = self.workshop.folder / "stage"
            made = replay(self.original, self.run, stage, history, self.manner.executor, self.manner.progress)
            return made, conditions

    def _add(self, made: Path, copy: Path, conditions: str) -> tuple[str, int]:
        """Add the new entry to the copy; return its name and the number of its patterns."""
        signature = Signature(who(), iso8601(self.manner.now_ns()))
        recorded = self.original.path.parent
        with h5py.File(made, "r+") as stage, h5py.File(copy, "r+") as file:
            name = next_name(file)
            entry = graft(stage, file, self.original, name, self.wishes.load_cell is not None)
            patterns = _check_rows(file[self.original.entry], entry)
            if conditions is TAKEN_OVER:
                take_over(entry["frames"], file[self.original.entry]["frames"])
            write_provenance(entry, self.original, self.run, self.wishes, conditions, signature)
            link_provenance(file, name)
            relink(file, recorded, self.workshop.target.parent)
            if self.manner.default:
                file.attrs["default"] = name
        return name, patterns


def _elsewhere(path: Path, folder: Path) -> Path:
    """Return where a file goes that does not take the place of the original."""
    target = folder.resolve() / path.name
    if target.exists():
        raise RecordError(
            f"{target}: exists already, and is left as it is; reprocess that file, or name another folder"
        )
    return target


def _check_rows(recorded: h5py.Group, entry: h5py.Group) -> int:
    """Check that each frame has its row; return how many have a pattern."""
    for name in ("raw_file", "raw_index"):
        if not np.array_equal(recorded["frames"][name][()], entry["frames"][name][()]):
            raise RecordError(
                f"{entry.file.filename}: {name} of the frames is not what was recorded; nothing was changed"
            )
    patterns = PatternEntry(entry, entry["data/I"], entry["frames"])
    without = {row: reason for row, reason in patterns.gaps() if np.isnan(patterns.patterns[row]).all()}
    if len(patterns) and len(without) == len(patterns):
        raise RecordError(f"{entry.file.filename}: not one frame became a pattern, the first: {without[0]}")
    return len(patterns) - len(without)
