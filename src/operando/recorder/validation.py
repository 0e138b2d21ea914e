"""Is this a valid NeXus file of record."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import h5py
from nexusformat.nexus import NeXusError

from operando.disk import in_short
from operando.recorder.accounting import check_frames
from operando.recorder.coverage import check_logs
from operando.recorder.definitions import check_definitions
from operando.recorder.finding import Finding, Rule
from operando.recorder.invariants import check_invariants
from operando.recorder.plots import check_plots
from operando.recorder.programme_rules import check_cell_programmes
from operando.recorder.provenance import check_provenance
from operando.recorder.raw_links import check_raw_links
from operando.recorder.reprocessed_rules import check_reprocessed
from operando.recorder.tree import entries
from operando.recorder.units import check_units

DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, NeXusError)
"""What h5py and nexusformat raise of a file that is damaged inside."""


def validate(path: Path) -> list[Finding]:
    """Return what is wrong with a file; nothing for a valid one.

    Application definitions and base classes (bundled, no network), rules of NXdata, units of the right kind, and what
    holds in every file of record. Stacks of patterns are not read as a whole: 100,000 frames take seconds.

    Parameters
    ----------
    path : Path
        A file that exists.
    """
    try:
        file = h5py.File(path, "r")
    except BlockingIOError:
        return [Finding(Rule.OPENS, "/", "it is being written; ask again when its writer is done")]
    except OSError as error:
        return [Finding(Rule.OPENS, "/", f"not an HDF5 file that opens: {error}")]
    with file:
        return list(dict.fromkeys(_made(partial(_findings, path, file))))


def _findings(path: Path, file: h5py.File) -> Iterator[Finding]:
    if not entries(file):
        yield Finding(Rule.OPENS, "/", f"there is no NXentry in it{_elsewhere(file)}")
        return
    checks = (
        partial(check_definitions, path, file),
        partial(check_plots, file),
        partial(check_units, file),
        partial(check_invariants, file),
        partial(check_frames, file),
        partial(check_raw_links, path, file),
        partial(check_logs, file),
        partial(check_provenance, file),
        partial(check_cell_programmes, file),
        partial(check_reprocessed, file),
    )
    for check in checks:
        yield from _made(check)


def _made(check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what a check finds; where it meets something unreadable, that, and the next check is made all the same."""
    try:
        yield from check()
    except DAMAGE as error:
        yield Finding(Rule.OPENS, "/", f"something in it cannot be read: {in_short(error)}")


def _elsewhere(file: h5py.File) -> str:
    """Return words about a file that only leads to others, as those do that a site makes of a whole proposal."""
    links = (file.get(name, getlink=True) for name in file)
    targets = sorted({link.filename for link in links if isinstance(link, h5py.ExternalLink)})
    return f", only links to other files: validate {', '.join(targets)}" if targets else ""
