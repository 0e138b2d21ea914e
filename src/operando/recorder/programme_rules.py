"""What holds of a cell programme in a file: its text is the one of its hash, its steps follow each other."""

from collections.abc import Iterator

import h5py
import numpy as np

from operando.recorder.finding import Finding, Rule
from operando.recorder.pattern_entry import pattern_entries
from operando.recorder.provenance import check_text
from operando.recorder.tree import fields_of, groups_of

SLACK_S = 1e-6
"""s; in the log instants are integers of ns, in the file they are s since the start of the run."""
TIMES = ("begun", "ended", "time_uncertainty")


def check_cell_programmes(file: h5py.File) -> Iterator[Finding]:
    """Check every programme of a file, the configured ones and those that ran."""
    for group in groups_of(file, "NXcollection", "NXparameters"):
        name = group.name.rsplit("/", 1)[-1]
        if name.startswith("programme") and isinstance(group.get("source"), h5py.Group):
            yield from check_text(group["source"], Rule.PROGRAMME)
        if name == "steps":
            yield from _check_steps(group)
            if group.parent.name.rsplit("/", 1)[-1] == "cell_programme":
                yield from _check_frames(file, group)


def _check_steps(steps: h5py.Group) -> Iterator[Finding]:
    lengths = {name: len(field) for name, field in fields_of(steps)}
    if len(set(lengths.values())) > 1 or not set(TIMES) <= set(lengths):
        yield Finding(Rule.PROGRAMME, steps.name, f"a table of unequal columns, or without times: {lengths}")
        return
    begun, ended, uncertainty = (steps[name][()] for name in TIMES)
    for row in np.flatnonzero(np.diff(begun) <= 0)[:1]:
        words = f"row {row + 1} begins at {begun[row + 1]} s, the one before at {begun[row]} s"
        yield Finding(Rule.PROGRAMME, steps.name, words)
    for row in np.flatnonzero(ended < begun)[:1]:
        yield Finding(Rule.PROGRAMME, steps.name, f"row {row} begins at {begun[row]} s and ends at {ended[row]} s")
    slack = SLACK_S + 2 * (uncertainty[:-1] + uncertainty[1:])
    for row in np.flatnonzero(ended[:-1] > begun[1:] + slack)[:1]:
        words = f"row {row} ends at {ended[row]} s, the next one has begun at {begun[row + 1]} s"
        yield Finding(Rule.PROGRAMME, steps.name, words)


def _check_frames(file: h5py.File, steps: h5py.Group) -> Iterator[Finding]:
    """Check that each frame was taken in a step that is there."""
    known = steps.get("run")
    for patterns in pattern_entries(file, reprocessed=True):
        run = patterns.column("run")
        if run is None or not isinstance(known, h5py.Dataset):
            continue
        strange = np.flatnonzero((run > 0) & ~np.isin(run, known[()]))
        if strange.size:
            words = f"{strange.size} rows, first row {strange[0]}: run {run[strange[0]]} is none of the steps"
            yield Finding(Rule.PROGRAMME, f"{patterns.frames.name}/run", words)
