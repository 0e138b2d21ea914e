"""Layouts of sites: one file a site, chosen by what the start document of a run says."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from operando.errors import RecordError
from operando.recorder.profiles.esrf import Esrf
from operando.recorder.profiles.lab import Lab
from operando.recorder.profiles.petra import Petra
from operando.recorder.profiles.profile import Facts, Profile, Wish

if TYPE_CHECKING:
    from operando.config import Endstation
    from operando.recorder.run import Run

PROFILES: dict[str, Profile] = {"lab": Lab(), "esrf": Esrf(), "petra": Petra()}

__all__ = [
    "PROFILES",
    "Facts",
    "Profile",
    "Wish",
    "data_folder_of",
    "data_root_of",
    "make_data_folder",
    "profile_of",
    "record_path",
]


def profile_of(run: "Run") -> Profile:
    """Return the profile that a run was made under.

    Raises
    ------
    RecordError
        It is not known here.
    """
    name = run.site.get("profile", "lab")
    try:
        return PROFILES[name]
    except KeyError:
        raise RecordError(
            f"run {run.uid}: profile {name!r} is not known; known: {', '.join(PROFILES)}; it stays in its journal"
        ) from None


def record_path(data_root: Path, run: "Run", elsewhere: bool = False) -> Path:
    """Return where the file of record of a run lies.

    Parameters
    ----------
    data_root : Path
        Of the recorder; holds for a run whose start document names none.
    run : Run
        What the start document says.
    elsewhere : bool
        Below ``data_root``, whatever the start document says.

    Raises
    ------
    RecordError
        A name in the start document is missing or leads out of its folder.
    """
    named = run.site.get("data_root")
    base = data_root if elsewhere or named is None else Path(named)
    try:
        if not base.is_absolute():
            raise ValueError(f"data_root {str(base)!r} is not absolute")
        return profile_of(run).record_path(base, run)
    except (KeyError, ValueError) as error:
        raise RecordError(f"run {run.uid}: no path for its file: {error}; it stays in its journal") from error


def outlook(config: "Endstation", state_root: Path) -> Facts:
    """Find out where a run would go now, as far as that is known before it starts."""
    site, proposal = config.site, config.proposal.identifier if config.proposal else ""
    return PROFILES[site.profile].outlook(Wish(site, state_root, state_root / config.data_root, "", proposal, 0))


def data_root_of(config: "Endstation", state_root: Path, facts: Facts | None = None) -> Path:
    """Return the root of the data of a run that goes on, or of the one that would start now."""
    found = outlook(config, state_root) if facts is None else facts
    return Path(found.get("data_root", state_root / config.data_root))


def data_folder_of(config: "Endstation", state_root: Path, facts: Facts | None = None) -> Path:
    """Return the folder that must take files: for a run that goes on, or for the one that would start now.

    Parameters
    ----------
    facts : Mapping, optional
        What was found out when the run started.
    """
    found = outlook(config, state_root) if facts is None else facts
    return PROFILES[config.site.profile].folder(found, data_root_of(config, state_root, found))


def make_data_folder(config: "Endstation", state_root: Path) -> None:
    """Make the folder that must take files, where that is ours to do.

    Once, when a process starts: a folder that vanishes later may be a disk that is no longer mounted.
    """
    if PROFILES[config.site.profile].makes_root:
        with suppress(OSError):  # said by whoever writes there
            data_folder_of(config, state_root).mkdir(parents=True, exist_ok=True)
