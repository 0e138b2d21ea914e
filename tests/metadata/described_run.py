"""Runs of a RunEngine that knows an endstation's metadata and none of its devices."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import ophyd  # noqa: F401  every RunEngine imports it, and its threads stay: now, not within a test
import tomlkit
from bluesky.utils import MsgGenerator

import operando.configs
from operando.config import Endstation, load
from operando.engine.keywords import RunKeywords
from operando.engine.metadata import metadata
from operando.engine.run_engine import EndstationRunEngine

SHIPPED = Path(operando.configs.__file__).parent
Change = Callable[[Any], None]


def configured(folder: Path, change: Change) -> Path:
    """Write the simulated endstation, changed, where its PONI, recipe and material are found."""
    for name in ("poni", "recipes", "materials"):
        (folder / name).symlink_to(SHIPPED / name)
    document = tomlkit.parse((SHIPPED / "simulated.toml").read_text())
    change(document)
    file = folder / "endstation.toml"
    file.write_text(tomlkit.dumps(document))
    return file


def without(*keys: tuple[str, str]) -> Change:
    """Take keys of tables out."""

    def change(document: Any) -> None:
        for table, key in keys:
            del document[table][key]

    return change


def bare(document: Any) -> None:
    """Leave what an endstation cannot run without."""
    for table in ("sample", "people", "proposal", "beam"):
        del document[table]
    kept = ("name", "electrode_diameter_mm", "nominal_capacity_mAh", "counter_electrode")
    for key in [key for key in document["cell"] if key not in (*kept, "counter_electrode_potential_V")]:
        del document["cell"][key]
    for key in (
        "tare_N",
        "tare_time",
        "tare_by",
        "model",
        "serial_number",
        "sensitivity_mV_per_V",
        "calibrated_on",
        "calibrated_by",
    ):
        del document["load_cell"][key]
    for key in ("model", "sensor_material", "sensor_thickness_um"):
        del document["detector"][key]
    for key in ("calibrant", "calibrated_on"):
        del document["integration"][key]


class Engine:
    """A RunEngine that opens runs and closes them at once."""

    def __init__(self, config: Endstation) -> None:
        keywords = RunKeywords(config)
        self.engine = EndstationRunEngine(
            metadata(config), md_validator=keywords.validate, md_normalizer=keywords.normalize
        )
        self.starts: list[dict[str, Any]] = []
        self.engine.subscribe(lambda _, document: self.starts.append(dict(document)), "start")

    def run(self, md: Mapping[str, Any] | None = None, **keywords: Any) -> dict[str, Any]:
        """Return the start document of a run."""
        self.engine(_empty_run(md or {}), **keywords)
        return self.starts[-1]


def _empty_run(md: Mapping[str, Any]) -> MsgGenerator[None]:
    yield from bps.open_run(md)
    yield from bps.close_run()


@contextmanager
def engine(file: Path = SHIPPED / "simulated.toml") -> Iterator[Engine]:
    """A RunEngine of an endstation, ended with its thread."""
    made = Engine(load(file))
    try:
        yield made
    finally:
        made.engine.loop.call_soon_threadsafe(made.engine.loop.stop)
        made.engine._th.join()
        made.engine.loop.close()
