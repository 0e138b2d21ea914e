"""One announced frame on its own: read, integrated and judged, in any thread of any process.

A `FrameTask` says everything that this takes and a `Product` everything that comes of it; both travel to other hosts.
What needs the frame's neighbours is done later, in order: `operando.recorder.reduction`. Whoever runs `process` is a
`concurrent.futures.Executor`. Open files and integrators are kept by the process that runs it.
"""

import ctypes
import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import WeakKeyDictionary

from operando.analysis import Integrator, Pattern
from operando.analysis.quality import Quality, frame_quality
from operando.analysis.rings import RingTables
from operando.errors import AnalysisError
from operando.recorder.beam_during import Monitors
from operando.recorder.frames import UNKNOWN, Frame, FrameFiles
from operando.recorder.run import FrameStore
from operando.vocabulary import Recipe

NOTHING_VALID = "no pixel holds a valid count in"
KEPT_INTEGRATORS = 4
"""Of the latest runs and shapes; one has some tens of MiB."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FrameTask:
    """A frame, and what is to become of it.

    Parameters
    ----------
    path : Path
        The HDF5 file.
    dataset : str
        Of the frames in it.
    swmr : bool
        Whether the file is still being written.
    index : int
        From 0, within the file.
    poni : str
        Text of the PONI file.
    recipe : Recipe
        How the frame becomes a pattern.
    shape : (int, int)
        Rows and columns that are expected.
    announced : int
        Frames of the file that are known to be in it; 0 where that is not known.
    abandoned : bool
        Nobody writes the file any more: if HDF5 refuses it because its writer died, it is read all the same.
    attributes : tuple of str
        NDAttributes wanted with the frame.
    monitors : Monitors
        Which of them count the beam, and what these read in the dark: the pattern may be scaled by one.
    exposure : float
        s; not a number where nobody says.
    digest : str
        Of the recipe and the files that it names: an integrator made of others is not used.
    refused : str
        Why nothing can be integrated; the frame is only read. Empty where it can.
    """

    path: Path
    dataset: str
    swmr: bool
    index: int
    poni: str
    recipe: Recipe
    shape: tuple[int, int]
    announced: int = 0
    abandoned: bool = False
    attributes: tuple[str, ...] = ()
    monitors: Monitors = field(default_factory=Monitors)
    exposure: float = math.nan
    digest: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """What became of a frame.

    Parameters
    ----------
    number : int
        NDArrayUniqueId, or -1.
    end_ns : int or None
        UTC, ns since the epoch, end of the exposure; None where the detector did not say.
    attributes : Mapping
        NDAttributes of the frame that are in the file; name → value.
    pattern : Pattern or None
        None where there is none.
    quality : Quality or None
        What the image alone says about itself.
    reason : str
        Why something is missing; empty for a whole product.
    read : bool
        Whether the image could be read; one that could not is perhaps not there yet.
    """

    number: int = UNKNOWN
    end_ns: int | None = None
    attributes: Mapping[str, float] = field(default_factory=dict)
    pattern: Pattern | None = None
    quality: Quality | None = None
    reason: str = ""
    read: bool = False


def process(task: FrameTask) -> Product:
    """Read a frame, integrate it and judge it; whatever goes wrong is told in the product."""
    try:
        store = FrameStore("", task.path, task.dataset, task.swmr)
        return _product(task, _files.read(store, task.index, task.abandoned, task.attributes, task.announced))
    except Exception as error:  # the boundary of a worker: one frame does not stop the others
        _logger.exception("frame %d of %s", task.index, task.path)
        return Product(reason=f"frame {task.index} of {task.path.name}: {type(error).__name__}: {error}", read=True)


def integrator_of(poni: str, recipe: Recipe, shape: tuple[int, int], digest: str = "") -> Integrator:
    """Return the integrator of this process for a geometry, recipe and shape; made when first asked for.

    Raises
    ------
    AnalysisError
        They do not fit together.
    """
    return _integrators.get(poni, recipe, shape, digest)


def close_files() -> None:
    """Close the frame files that this process keeps open; who reads on opens them again."""
    _files.close()


def _product(task: FrameTask, frame: Frame) -> Product:
    known = Product(frame.number, frame.end_ns, frame.attributes, reason=frame.reason, read=frame.image is not None)
    if frame.image is None:
        return known
    if task.refused:
        return replace(known, reason=task.refused)
    try:
        integrator = integrator_of(task.poni, task.recipe, task.shape, task.digest)
        pattern = integrator.integrate(frame.image, _scaling(task, frame))
    except AnalysisError as error:
        return replace(known, reason=str(error))
    if not pattern.valid:
        return replace(known, reason=f"{NOTHING_VALID} frame {task.index} of {task.path.name}; it is not integrated")
    known = replace(known, pattern=pattern)
    try:
        return replace(known, quality=frame_quality(frame.image, pattern, _judges.get(integrator)))
    except Exception as error:  # whatever keeps a frame from being judged does not cost its pattern
        _logger.exception("quality of frame %d of %s", task.index, task.path)
        words = f"{type(error).__name__}: {error}"
        return replace(known, reason=f"frame {task.index} of {task.path.name} is integrated and not judged: {words}")


def _scaling(task: FrameTask, frame: Frame) -> float:
    """Return the counts of the monitor, above its dark, that a pattern is scaled by; not a number where by none."""
    if task.recipe.monitor_reference is None:
        return math.nan
    return task.monitors.scaling(frame.attributes, task.exposure)


def _trim() -> None:
    """Give back the memory in which tables were made: the C library would keep 200 MiB of it for a Pilatus 2M."""
    with suppress(AttributeError):  # only that of GNU can be asked
        ctypes.CDLL(None).malloc_trim(0)


class _Integrators:
    """The integrators of a process: making one takes a second, and two threads that want the same one make it once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, Recipe, tuple[int, int], str], Integrator] = OrderedDict()

    def get(self, poni: str, recipe: Recipe, shape: tuple[int, int], digest: str) -> Integrator:
        key = poni, recipe, shape, digest
        with self._lock:
            if key not in self._kept:
                made = Integrator(poni, recipe, shape)
                if digest not in ("", made.digest):
                    raise AnalysisError(
                        "mask, dark or flat has changed since the recorder met the run; nothing is integrated"
                    )
                self._kept[key] = made
                _trim()
                while len(self._kept) > KEPT_INTEGRATORS:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]


class _Judges:
    """The tables by which frames are judged, as long as their integrator is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: WeakKeyDictionary[Integrator, RingTables] = WeakKeyDictionary()

    def get(self, integrator: Integrator) -> RingTables:
        with self._lock:
            if integrator not in self._kept:
                self._kept[integrator] = RingTables.of(integrator)
                _trim()
            return self._kept[integrator]


_files = FrameFiles()
_integrators = _Integrators()
_judges = _Judges()
