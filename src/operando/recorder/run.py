"""A run as its documents describe it: nothing here comes from the recorder's own configuration or clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from operando.errors import RecordError
from operando.recorder.instants import from_posix
from operando.vocabulary import LatticeModel, ParasiticMaterial, Phase, Recipe

FRAMES = "xrd"
"""Name of the stream whose events are frames."""


@dataclass(frozen=True, slots=True)
class Run:
    """What the start document says.

    Parameters
    ----------
    start_ns : int
        UTC, ns since the epoch; the zero of every time in the file.
    cell : Mapping
        What is clamped between the pistons, key with unit → value.
    configuration : Mapping
        The endstation's configuration at the start of the run.
    poni : str
        Text of the PONI file.
    lattice : LatticeModel or None
        The lattice fitted on each pattern; None where no material was configured.
    document : Mapping
        The start document itself.
    """

    uid: str
    scan_id: int
    plan_name: str
    start_ns: int
    cell: Mapping[str, Any]
    configuration: Mapping[str, Any]
    poni: str
    recipe: Recipe
    lattice: LatticeModel | None
    document: Mapping[str, Any]

    @classmethod
    def from_start(cls, document: Mapping[str, Any]) -> "Run":
        """Read a start document.

        Raises
        ------
        RecordError
            The document lacks what a file of record is made of.
        """
        try:
            ours = document["operando"]
            return cls(
                uid=document["uid"],
                scan_id=int(document.get("scan_id", 0)),
                plan_name=document.get("plan_name", ""),
                start_ns=from_posix(document["time"]),
                cell=document.get("cell") or ours["configuration"].get("cell", {}),
                configuration=ours["configuration"],
                poni=ours["poni"],
                recipe=Recipe.from_document(ours["recipe"]),
                lattice=_lattice(ours["lattice"]),
                document=document,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(
                f"run {document.get('uid', '?')}: start document without {error}; no file of record is made of it"
            ) from error

    @property
    def site(self) -> Mapping[str, Any]:
        """Where the run goes and by whose rules, as it was found out when it started; empty in a laboratory."""
        found = self.document["operando"].get("site")
        return found if isinstance(found, Mapping) else {}

    @property
    def recipe_digest(self) -> str:
        """SHA-256 of the recipe and of what its files held when the run began; empty where nobody says."""
        return str(self.document["operando"].get("recipe_digest") or "")

    def setting(self, *keys: str) -> Any:
        """Return a value of the configuration, or None where a table or key is missing."""
        here: Any = self.configuration
        for key in keys:
            here = here.get(key) if isinstance(here, Mapping) else None
        return here

    @property
    def parasitic(self) -> tuple[ParasiticMaterial, ...]:
        """Materials around the sample whose reflections are masked."""
        found = self.document["operando"].get("parasitic") or ()
        return tuple(ParasiticMaterial.from_document(each) for each in found)

    @property
    def blank(self) -> Mapping[str, Any] | None:
        """The blank that is taken off the patterns, as `operando.recorder.blank_file` reads it."""
        found = self.document["operando"].get("blank")
        return found if isinstance(found, Mapping) else None

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the further cells."""
        return tuple(str(each["name"]) for each in self.setting("channels") or ())

    def of_channel(self, channel: str, *keys: str) -> Any:
        """Return a value of the configuration of a further cell; of the main cell for an empty channel."""
        if not channel:
            return self.setting(*keys)
        here: Any = next((each for each in self.setting("channels") or () if each["name"] == channel), None)
        for key in keys:
            here = here.get(key) if isinstance(here, Mapping) else None
        return here


@dataclass(frozen=True, slots=True)
class Stream:
    """What a descriptor says about frames.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of a frame.
    acquire_time : float or None
        s, length of an exposure; None where the descriptor does not say.
    """

    uid: str
    name: str
    shape: tuple[int, int]
    acquire_time: float | None

    @classmethod
    def from_descriptor(cls, document: Mapping[str, Any]) -> "Stream | None":
        """Read a descriptor; None for a stream without frames in files."""
        keys = {key: value for key, value in document["data_keys"].items() if value.get("external") == "STREAM:"}
        if document.get("name") != FRAMES or not keys:
            return None
        key, image = next(iter(keys.items()))
        return cls(document["uid"], FRAMES, (image["shape"][-2], image["shape"][-1]), _acquire_time(document, key))


@dataclass(frozen=True, slots=True)
class FrameStore:
    """What a stream resource says: one HDF5 file of frames."""

    uid: str
    path: Path
    dataset: str
    swmr: bool

    @classmethod
    def from_resource(cls, document: Mapping[str, Any]) -> "FrameStore":
        """Read a stream resource."""
        parameters = document["parameters"]
        path = Path(unquote(urlparse(document["uri"]).path))
        return cls(document["uid"], path, parameters["dataset"], bool(parameters.get("swmr", True)))


def _acquire_time(document: Mapping[str, Any], image_key: str) -> float | None:
    """Find ``<device>_acquire_time`` in the configuration of the device that owns the image."""
    for device, keys in document.get("object_keys", {}).items():
        if image_key in keys:
            data = document.get("configuration", {}).get(device, {}).get("data", {})
            found = data.get(f"{device}_acquire_time")
            return None if found is None else float(found)
    return None


def _lattice(fields: Mapping[str, Any] | None) -> LatticeModel | None:
    if fields is None:
        return None
    return LatticeModel(_phase(fields["phase"]), tuple(_phase(each) for each in fields.get("neighbours", ())))


def _phase(fields: Mapping[str, Any]) -> Phase:
    reflections = tuple((int(hkl[0]), int(hkl[1]), int(hkl[2])) for hkl in fields["reflections"])
    return Phase(**{**fields, "reflections": reflections})
