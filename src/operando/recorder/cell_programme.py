"""What became of the cell programme during a run: programmes, steps as they were realised, spectra.

Written once, at the end of the run, out of the environment log: a step that still ran then has no end in the file,
whatever the log learned of it afterwards.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import h5py
import numpy as np

from operando.config.programme import potentials, table
from operando.history import EnvironmentHistory, RealisedStep, Spectrum
from operando.recorder.instants import NS, iso8601
from operando.recorder.layout import make_group, write_text, write_value
from operando.recorder.programme_text import write_programme
from operando.recorder.run import Run
from operando.recorder.spectra import write_spectra
from operando.vocabulary import CellProgramme, PotentialScale, of_channel, programme_from

NAME = "cell_programme"
RUNNING = "still running when the run ended"
CELL, LITHIUM = PotentialScale.CELL.value, PotentialScale.LITHIUM.value
DURATION = "on the potentiostat's clock"


def write_cell_programmes(entry: h5py.Group, run: Run, history: EnvironmentHistory, end_ns: int) -> None:
    """Write what became of each cell; nothing for one that ran no programme.

    Parameters
    ----------
    entry : h5py.Group
        Of the environment.
    end_ns : int
        UTC, ns since the epoch: the end of the run, or how far the log is complete.
    """
    for name in [name for name in entry if _is_ours(name)]:  # a disk was full when it was written
        del entry[name]
    for channel in ("", *run.channels):
        known = (step for step in history.steps(run.start_ns, end_ns, channel) if step.begun_known_ns < end_ns)
        steps = [_until(step, end_ns) for step in known]
        if steps:
            group = make_group(entry, of_channel(NAME, channel), "NXcollection")
            counter = run.of_channel(channel, "cell", "counter_electrode_potential_V")
            started = _started(history, channel, steps, end_ns)
            _write_cell(group, run, steps, started, math.nan if counter is None else float(counter))
            write_spectra(group, run, history, _measured(history, run, end_ns, channel))


def link_cell_programmes(entry: h5py.Group, first: h5py.Group) -> None:
    """Give them a second name in another entry."""
    for name in [name for name in entry if _is_ours(name)]:
        del entry[name]
    for name in filter(_is_ours, first):
        entry[name] = first[name]


def _is_ours(name: str) -> bool:
    return name == NAME or name.startswith(f"{NAME}_")


def _until(step: RealisedStep, end_ns: int) -> RealisedStep:
    """Return what was known of a step when the log was complete up to an instant, whatever it was told since."""
    if _has_ended(step, end_ns):
        return step
    return replace(step, ended_ns=None, how=RUNNING, duration=None, charge=None, voltage=None, current=None)


def _has_ended(entry: RealisedStep | Spectrum, end_ns: int) -> bool:
    return entry.ended_ns is not None and entry.ended_ns <= end_ns and entry.ended_known_ns < end_ns


def _measured(history: EnvironmentHistory, run: Run, end_ns: int, channel: str) -> list[Spectrum]:
    """Return the spectra with the points that were measured up to an instant."""
    found = []
    for spectrum in history.spectra(run.start_ns, end_ns, channel):
        points = tuple(each for each in spectrum.points if each.time_ns <= end_ns and each.known_ns < end_ns)
        if points and spectrum.begun_known_ns < end_ns:
            ended = spectrum.ended_ns if _has_ended(spectrum, end_ns) else None
            found.append(replace(spectrum, points=points, ended_ns=ended))
    return found


def _started(history: EnvironmentHistory, channel: str, steps: Sequence[RealisedStep], end_ns: int) -> list[str | None]:
    """Return for each step its programme as JSON, as it was compiled when it was started; None for an unknown one.

    One source may have been started several times, on a cell that was mounted anew between: the runs of one start
    grow. When it had started is known at the end of a step: at its begin the instrument has not yet said so.
    """
    found: list[str | None] = []
    for number, step in enumerate(steps):
        before = steps[number - 1] if number else None
        if before and before.programme == step.programme and before.run < step.run:
            found.append(found[-1])
        else:
            kept = history.programme(step.ended_ns or end_ns, channel, step.programme)
            found.append(kept.text if kept else None)
    return found


def _write_cell(
    group: h5py.Group, run: Run, steps: Sequence[RealisedStep], started: Sequence[str | None], counter: float
) -> None:
    counters: dict[str | None, float] = {None: counter}
    each = dict.fromkeys(zip((step.programme for step in steps), started, strict=True))
    for number, (hash, text) in enumerate(each, start=1):
        place = make_group(group, f"programme_{number}", "NXcollection")
        if text is None:
            write_text(place, "hash", hash)
            write_text(place, "description", "the environment log does not know this programme any more")
            continue
        found = json.loads(text)
        write_programme(place, found)
        counters[text] = float(found["counter_electrode_potential"])
    _write_steps(make_group(group, "steps", "NXcollection"), run, steps, [counters[text] for text in started])


def _write_steps(group: h5py.Group, run: Run, steps: Sequence[RealisedStep], counters: Sequence[float]) -> None:
    """Write a row a step; its potentials on both scales."""
    start = {"start": iso8601(run.start_ns)}
    for name in ("run", "cycle", "half_cycle", "step"):
        write_value(group, name, np.array([getattr(step, name) for step in steps], np.int32))
    for name in ("name", "kind", "programme", "how"):
        _write_texts(group, name, (getattr(step, name) for step in steps))
    _write_texts(group, "limits", (step.limits for step in steps))
    _write_numbers(group, "begun", ((step.begun_ns - run.start_ns) / NS for step in steps), "s", **start)
    _write_numbers(group, "ended", (_seconds(run, step.ended_ns) for step in steps), "s", **start)
    uncertainties = (
        math.nan if step.ended_ns is None else step.uncertainty_ns / NS for step in steps
    )  # told at the end
    _write_numbers(group, "time_uncertainty", uncertainties, "s")
    _write_numbers(group, "duration", (_number(step.duration) for step in steps), "s", description=DURATION)
    _write_numbers(group, "charge", (_number(step.charge) for step in steps), "A h", description="charging positive")
    _write_numbers(group, "voltage", (_number(step.voltage) for step in steps), "V", scale=CELL)
    against = (_number(step.voltage) + counter for step, counter in zip(steps, counters, strict=True))
    _write_numbers(group, "potential", against, "V", scale=LITHIUM)
    _write_numbers(group, "current", (_number(step.current) for step in steps), "A", description="charging positive")
    _write_limits(group, steps, counters)


def _write_limits(group: h5py.Group, steps: Sequence[RealisedStep], counters: Sequence[float]) -> None:
    """Write what each step imposed and its ends: in words, and its potentials as numbers on both scales."""
    compiled = [_alone(step, counter) for step, counter in zip(steps, counters, strict=True)]
    rows = [table(each)[0] if each else None for each in compiled]
    _write_texts(group, "does", (row.does if row else "" for row in rows))
    _write_texts(group, "until", (row.ends if row else "" for row in rows))
    stated = [(row, each) for row, one in enumerate(compiled) if one for each in potentials(one)]
    if stated:
        place = make_group(group, "potentials", "NXcollection")
        write_value(place, "row", np.array([row for row, _ in stated], np.int32), description="in steps, from 0")
        _write_texts(place, "what", (each.what for _, each in stated))
        _write_numbers(place, "at_terminals", (each.at_terminals for _, each in stated), "V", scale=CELL)
        _write_numbers(place, "against_lithium", (each.against_lithium for _, each in stated), "V", scale=LITHIUM)


def _alone(step: RealisedStep, counter: float) -> CellProgramme | None:
    """Return a realised step as a programme of its own; None where its limits cannot be read."""
    try:
        found: Mapping[str, Any] = json.loads(step.limits)
        return programme_from(
            {
                "name": step.name,
                "hash": step.programme,
                "counter_electrode_potential": counter,
                "safety": {},
                "parts": [found],
                "source": "",
            }
        )
    except (KeyError, TypeError, ValueError):
        return None


def _seconds(run: Run, time_ns: int | None) -> float:
    return math.nan if time_ns is None else (time_ns - run.start_ns) / NS


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _write_numbers(group: h5py.Group, name: str, values: Iterable[float], unit: str, **attributes: str) -> None:
    write_value(group, name, np.array(list(values), np.float64), unit, **attributes)


def _write_texts(group: h5py.Group, name: str, values: Iterable[str]) -> None:
    group.create_dataset(name, data=list(values), dtype=h5py.string_dtype())
