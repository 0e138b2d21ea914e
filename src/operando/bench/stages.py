"""The stages of the recorder's path, each alone: s of a processor for a frame."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

from operando.analysis.quality import frame_quality
from operando.analysis.rings import RingTables
from operando.bench.pipeline_run import MadeRun, end_ns
from operando.bench.pipeline_turn import record
from operando.recorder.frame_file import FrameFile
from operando.recorder.frames import NAMES
from operando.recorder.run import FrameStore
from operando.recorder.stage import FrameTask, Product, integrator_of, process

READ, UNPACK, INTEGRATE, JUDGE, RECORD = "read", "unpack", "integrate", "judge", "record"
"""A packed chunk and its attributes out of the file; counts; a pattern; its quality; a row with its conditions in a
file of record, beside the pattern of its predecessor."""


class Known(Executor):
    """Knows what becomes of every frame, so that what the recorder does with it is done alone."""

    def __init__(self) -> None:
        self.tasks: list[FrameTask] = []
        self._product: Product | None = None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the product of the first frame, as if it were that of this one."""
        self._product = self._product or process(args[0])
        future: Future[Any] = Future()
        future.set_result(replace(self._product, number=len(self.tasks) + 1, end_ns=end_ns(len(self.tasks))))
        self.tasks.append(args[0])
        return future


def measure_stages(made: MadeRun, frames: int) -> dict[str, float]:
    """Let each stage do its work for a number of frames; return its s of a processor for one."""
    known = Known()
    spent = dict.fromkeys((READ, UNPACK, INTEGRATE, JUDGE), 0.0)
    spent[RECORD] = record(made, known).busy * frames
    first = known.tasks[0]
    integrator = integrator_of(first.poni, first.recipe, first.shape, first.digest)
    tables = RingTables.of(integrator)

    def timed(stage: str, work: Callable[..., Any], *arguments: Any) -> Any:
        begin = time.thread_time()
        done = work(*arguments)
        spent[stage] += time.thread_time() - begin
        return done

    file = FrameFile(FrameStore("", first.path, first.dataset, first.swmr), abandoned=False)
    for task in known.tasks[:frames]:
        packed = timed(READ, _read, file, task)
        image = timed(UNPACK, packed.unpack)
        pattern = timed(INTEGRATE, integrator.integrate, image)
        timed(JUDGE, frame_quality, image, pattern, tables)
    file.close()
    return {stage: seconds / frames for stage, seconds in spent.items()}


def _read(file: FrameFile, task: FrameTask) -> object:
    file.look(task.announced)
    for name in NAMES:
        file.number(name, task.index)
    file.numbers(task.attributes, task.index)
    return file.image(task.dataset, task.index)
