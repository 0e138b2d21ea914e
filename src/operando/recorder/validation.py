"""Is this a valid NeXus file of record."""

from pathlib import Path

import h5py

from operando.recorder.accounting import check_frames
from operando.recorder.coverage import check_logs
from operando.recorder.definitions import check_definitions
from operando.recorder.finding import Finding, Rule
from operando.recorder.invariants import check_invariants
from operando.recorder.plots import check_plots
from operando.recorder.provenance import check_provenance
from operando.recorder.raw_links import check_raw_links
from operando.recorder.tree import entries
from operando.recorder.units import check_units


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
        if not entries(file):
            return [Finding(Rule.OPENS, "/", f"there is no NXentry in it{_elsewhere(file)}")]
        return [
            *check_definitions(path, file),
            *check_plots(file),
            *check_units(file),
            *check_invariants(file),
            *check_frames(file),
            *check_raw_links(path, file),
            *check_logs(file),
            *check_provenance(file),
        ]


def _elsewhere(file: h5py.File) -> str:
    """Return words about a file that only leads to others, as those do that a site makes of a whole proposal."""
    links = (file.get(name, getlink=True) for name in file)
    targets = sorted({link.filename for link in links if isinstance(link, h5py.ExternalLink)})
    return f", only links to other files: validate {', '.join(targets)}" if targets else ""
