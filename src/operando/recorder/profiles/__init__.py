"""Layouts of sites: one file a site, chosen by what the start document of a run says."""

from pathlib import Path
from typing import TYPE_CHECKING

from operando.errors import RecordError
from operando.recorder.profiles.beamtime import is_open
from operando.recorder.profiles.esrf import Esrf
from operando.recorder.profiles.lab import Lab
from operando.recorder.profiles.petra import Petra
from operando.recorder.profiles.profile import Facts, Profile, Wish

if TYPE_CHECKING:
    from operando.config import Endstation
    from operando.recorder.run import Run

PROFILES: dict[str, Profile] = {"lab": Lab(), "esrf": Esrf(), "petra": Petra()}

__all__ = ["PROFILES", "Facts", "Profile", "Wish", "data_root_of", "profile_of", "record_path"]


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


def data_root_of(config: "Endstation", state_root: Path) -> Path:
    """Return the folder that data go to now: with ``petra`` the first root that can be written."""
    if config.site.profile != "petra":
        return state_root / config.data_root
    roots = [state_root / folder for folder in config.site.roots]
    return next((root for root in roots if is_open(root)), roots[0])
