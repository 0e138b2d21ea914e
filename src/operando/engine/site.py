"""Where the next run goes: found out when a run starts, the same for its frames and its start document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from operando.config import Endstation
from operando.errors import EndstationError, RunRefused
from operando.recorder.profiles import PROFILES, Facts, Wish, data_folder_of

Known = Callable[[], Mapping[str, Any]]
"""Gives the metadata of a run."""


@dataclass(slots=True)
class _Claim:
    """A place that was taken, for what, and by whom."""

    facts: Facts
    names: tuple[str, str]
    frames: bool = False
    described: bool = False
    open: bool = False


class RunSite:
    """Claims a place a run.

    Plans stage a detector before they open a run, some afterwards: whoever comes first claims, the other joins.

    Parameters
    ----------
    config : Endstation
        With its ``[site]``.
    root : Path
        State root.
    known : callable
        What is known of the next run before it is opened.
    upcoming : callable
        Number of the next scan.
    """

    def __init__(self, config: Endstation, root: Path, known: Known, upcoming: Callable[[], int]) -> None:
        self._config = config
        self._site = config.site
        self._profile = PROFILES[config.site.profile]
        self._root = root
        self._data_root = root / config.data_root
        self._known = known
        self._upcoming = upcoming
        self._claim: _Claim | None = None

    def frames_folder(self) -> Path:
        """Make a folder for frames that are about to be taken.

        Raises
        ------
        RunRefused
            The run could not be opened.
        EndstationError
            There is no such place, or it cannot be made.
        """
        claim = self._claim
        if claim is None or (claim.frames and not claim.open):
            claim = self._claim = self._new(_names(self._known()), self._upcoming())
        claim.frames = True
        wanted = self._profile.raw_folder(claim.facts, self._root_of(claim))
        for number in count(1):
            folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}_{number}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:  # staged again within a run
                continue
            except OSError as error:
                raise EndstationError(f"{folder}: cannot be made: {error.strerror}; no frame was taken") from error
            return folder
        raise AssertionError("numbers do not end")

    def folder(self) -> Path:
        """Return the folder that must take files: of the run that is open, or where the next one would go."""
        claim = self._claim
        return data_folder_of(self._config, self._root, claim.facts if claim and claim.open else None)

    def describe(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metadata of a run that is being opened, with its place.

        Raises
        ------
        RunRefused
            A name is not allowed, or frames are under way to another place.
        EndstationError
            There is no such place.
        """
        names = _names(metadata)
        claim = self._claim
        if claim is None or claim.described:
            claim = self._claim = self._new(names, int(metadata["scan_id"]))
        elif claim.names != names and self._site.profile != "lab":
            raise RunRefused(
                f"sample and proposal {names} come too late: the folder of this run was made for {claim.names}; "
                "say so in RE(…, sample=…, proposal=…) or RE.md, not in the plan; no run is opened"
            )
        claim.described = True
        return {**metadata, "operando": {**metadata.get("operando", {}), "site": dict(claim.facts)}}

    def follow(self, name: str, document: Mapping[str, Any]) -> None:
        """Keep the place while its run is open; subscribed to the RunEngine."""
        if name == "start" and self._claim:
            self._claim.open = True
        elif name == "stop":
            self._claim = None

    def _new(self, names: tuple[str, str], number: int) -> _Claim:
        return _Claim(self._profile.claim(Wish(self._site, self._root, self._data_root, *names, number)), names)

    def _root_of(self, claim: _Claim) -> Path:
        return Path(claim.facts.get("data_root", self._data_root.resolve()))


def _names(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the files are named after: sample and proposal."""
    sample, proposal = metadata.get("sample") or {}, metadata.get("proposal") or {}
    return str(sample.get("name", "")), str(proposal.get("identifier", ""))
