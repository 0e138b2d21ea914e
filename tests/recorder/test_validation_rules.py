"""Negative controls: one thing damaged in a good file breaks the rule that it should, and no other."""

from hashlib import sha256
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.damaged import (
    Defect,
    added,
    attribute,
    both,
    damaged,
    grown,
    in_place,
    linked,
    made_file,
    remove,
    replaced,
    slim,
    without_attribute,
)
from recorder.made_run import MadeRun
from silx.io.nxdata import get_default

from operando.recorder.finding import Rule
from operando.recorder.validation import validate

FRAMES, DATA = "xrd/frames", "xrd/data"
LOGS = "environment/instrument"
PRESSURE_LOG = f"{LOGS}/pressure/load_cell/value_log"
RAW = "xrd/instrument/detector/frames_000001"


def stacked(source: str) -> Defect:
    def defect(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((3, 2, 2), "i4")
        layout[:] = h5py.VirtualSource(source, "/entry/data/data", (3, 2, 2))
        file["xrd/instrument/detector"].create_virtual_dataset("data", layout)

    return defect


def added_configuration(text: str, checksum: str, algorithm: str = "sha256") -> Defect:
    def defect(file: h5py.File) -> None:
        note = file.create_group("environment/configuration")
        note.attrs["NX_class"] = "NXnote"
        note["data"], note["checksum"], note["algorithm"] = text, checksum, algorithm

    return defect


DEFECTS: dict[str, tuple[Defect, set[Rule], str]] = {
    # application definition and base classes
    "no wavelength": (remove("xrd/instrument/monochromator/wavelength"), {Rule.DEFINITION}, "required field is not in"),
    "no source": (remove("xrd/instrument/source"), {Rule.DEFINITION}, "NXsource: This required group is not in"),
    "parameters of another class": (
        attribute("xrd/reduction/input", "NX_class", "NXnote"),
        {Rule.DEFINITION},
        "required group",
    ),
    "unknown definition": (replaced("xrd/definition", "NXfuture"), {Rule.DEFINITION}, '"NXfuture" does not exist'),
    "a date that is none": (replaced("xrd/reduction/date", "yesterday"), {Rule.DEFINITION}, "not a valid NX_DATE_TIME"),
    "a truth that is a number": (
        replaced("xrd/solid_angle_applied", 1.5),
        {Rule.DEFINITION},
        "not a valid NX_BOOLEAN",
    ),
    "a group where none may be": (
        attribute(f"{LOGS}/pressure/piezo/regulator", "NX_class", "NXdetector"),
        {Rule.BASE_CLASS},
        "invalid class",
    ),
    # the chain of defaults
    "default leads nowhere": (attribute("/", "default", "elsewhere"), {Rule.DEFAULT}, "there is no such group"),
    "default ends early": (without_attribute("xrd/reduction", "default"), {Rule.DEFAULT}, "ends here"),
    "default goes round": (attribute("xrd/reduction", "default", "/xrd"), {Rule.DEFAULT}, "comes back"),
    "default passes the entry by": (attribute("/", "default", "xrd/reduction"), {Rule.DEFAULT}, "no NXentry"),
    # NXdata
    "signal names nothing": (attribute(DATA, "signal", "J"), {Rule.SIGNAL}, "@signal = 'J': there is no such field"),
    "a second signal of another shape": (
        attribute(DATA, "auxiliary_signals", ["time"]),
        {Rule.SIGNAL},
        "beside a signal of shape",
    ),
    "a second signal that is not there": (
        attribute(DATA, "auxiliary_signals", ["J"]),
        {Rule.SIGNAL},
        "@auxiliary_signals names 'J'",
    ),
    "an axis names nothing": (
        attribute("xrd/reduction/picture", "axes", ["t", "radial_axis"]),
        {Rule.AXES, Rule.BASE_CLASS},
        "axis 't'",
    ),
    "too few axes": (
        attribute("xrd/reduction/picture", "axes", ["time"]),
        {Rule.AXES, Rule.BASE_CLASS},
        "2 dimensions",
    ),
    "an axis too short": (
        replaced(f"{DATA}/radial_axis", np.arange(7.0)),
        {Rule.AXES, Rule.BASE_CLASS, Rule.DEFINITION},
        "shape (7,) as an axis of length 400",
    ),
    "an axis of words": (
        replaced(f"{DATA}/radial_axis", ["q"] * 400),
        {Rule.AXES, Rule.DEFINITION},
        "the axis is not numeric",
    ),
    "a signal of words": (
        replaced("environment/stack_pressure/value", ["high"] * 141),
        {Rule.SIGNAL},
        "the signal is not numeric",
    ),
    "errors of another shape": (
        replaced(f"{DATA}/I_errors", np.ones((3, 7))),
        {Rule.ERRORS, Rule.DEFINITION},
        "its values have (3, 400)",
    ),
    "errors of nothing": (
        added(f"{DATA}/dose_errors", np.ones(3), units="Gy"),
        {Rule.ERRORS},
        "errors of 'dose', which is not there",
    ),
    "indices of nothing": (attribute(DATA, "dose_indices", 0), {Rule.INDICES}, "there is no field 'dose'"),
    "indices beyond the signal": (attribute(DATA, "voltage_indices", 2), {Rule.INDICES}, "the signal has 2 dimensions"),
    "a column too short": (replaced(f"{DATA}/voltage", np.ones(2)), {Rule.INDICES}, "along dimensions [0]"),
    "an interpretation of its own": (
        attribute(DATA, "interpretation", "waterfall"),
        {Rule.INTERPRETATION},
        "'waterfall'",
    ),
    # units
    "no unit": (without_attribute(f"{FRAMES}/stack_pressure", "units"), {Rule.UNIT}, "a unit of pressure is wanted"),
    "wavelength in furlongs": (
        attribute("xrd/instrument/monochromator/wavelength", "units", "furlong"),
        {Rule.UNIT},
        "of length",
    ),
    "unit category for a unit": (
        attribute(f"{DATA}/radial_axis", "units", "NX_PER_LENGTH"),
        {Rule.UNIT},
        "of per length",
    ),
    "q in degrees": (attribute(f"{DATA}/radial_axis", "units", "degrees"), {Rule.UNIT}, "of per length"),
    "an axis of something": (attribute(f"{DATA}/radial_axis", "long_name", "r"), {Rule.UNIT}, "one of q, 2theta"),
    "pressure in volts": (attribute(f"{FRAMES}/stack_pressure", "units", "V"), {Rule.UNIT}, "of pressure"),
    "a log of temperature in bar": (
        attribute(f"{LOGS}/temperature/thermometer/value_log/value", "units", "bar"),
        {Rule.UNIT},
        "of temperature",
    ),
    "a drive in another kind of unit": (
        attribute(f"{LOGS}/pressure/piezo/output_log/value", "units", "MPa"),
        {Rule.UNIT},
        "of voltage",
    ),
    "a log without a unit": (
        without_attribute(f"{LOGS}/electrochemistry/charge_log/value", "units"),
        {Rule.UNIT},
        "a unit of charge is wanted",
    ),
    "a gain in nothing known": (
        attribute(f"{LOGS}/pressure/piezo/regulator/K_p", "units", "V/psi"),
        {Rule.UNIT},
        "no unit known here",
    ),
    "a measured number of nobody's unit": (
        added(f"{LOGS}/pressure/load_cell/stiffness", 3.0),
        {Rule.UNIT},
        "a unit is wanted",
    ),
    "an assembly pressure in newton": (
        attribute("environment/sample/cell/assembly_pressure", "units", "N"),
        {Rule.UNIT},
        "of pressure",
    ),
    # ends
    "not ended": (remove("xrd/end_time"), {Rule.COMPLETE}, "not complete"),
    "ended before it began": (
        replaced("environment/end_time", "2026-03-01T23:59:49.000000+00:00"),
        {Rule.COMPLETE},
        "1.0 s before start_time",
    ),
    "ended before its last exposure": (
        replaced("xrd/end_time", "2026-03-01T23:59:55.000000+00:00"),
        {Rule.COMPLETE},
        "before the end of the last exposure",
    ),
    "an end that is still empty": (replaced("xrd/end_time", ""), {Rule.COMPLETE}, "not complete"),
    # frames
    "a column longer than the others": (
        replaced(f"{FRAMES}/voltage_std", np.zeros(4)),
        {Rule.ROWS},
        "4 rows, there are 3",
    ),
    "fewer rows than were announced": (
        in_place("xrd/frames_announced", (), 4),
        {Rule.FRAMES},
        "4 frames were announced, 3 have a row",
    ),
    "one frame twice": (in_place(f"{FRAMES}/frame_number", slice(None), [1, 2, 2]), {Rule.FRAMES}, "frame 2 is there"),
    "one place of a raw file twice": (in_place(f"{FRAMES}/raw_index", 1, 0), {Rule.FRAMES}, "frame 0 of raw file 0"),
    "a frame of a raw file without a row": (
        both(in_place(f"{FRAMES}/raw_index", 1, 2), in_place(f"{FRAMES}/raw_file", 1, 0)),
        {Rule.FRAMES, Rule.RAW_LINK},
        "1 frames of raw file 0 have no row, first frame 1",
    ),
    "an empty row without a reason": (in_place(f"{DATA}/I", 1, np.nan), {Rule.GAPS}, "row 1 holds no pattern"),
    "a reason without a row": (
        both(grown("xrd/gaps/row", 7), grown("xrd/gaps/reason", "a flood")),
        {Rule.GAPS},
        "row 7 of 3",
    ),
    "an empty reason": (
        both(in_place(f"{DATA}/I", 1, np.nan), grown("xrd/gaps/row", 1), grown("xrd/gaps/reason", " ")),
        {Rule.GAPS},
        "no reason is given",
    ),
    # times
    "time stands still": (in_place(f"{FRAMES}/time", 2, 4.0), {Rule.TIME, Rule.EXPOSURE}, "stands still"),
    "an exposure before the one before it": (
        in_place(f"{FRAMES}/exposure_start", 2, 2.5),
        {Rule.TIME, Rule.COVERAGE},
        "from 3.5 to 2.5 s",
    ),
    "an exposure that ends before it starts": (
        in_place(f"{FRAMES}/exposure_end", 0, 1.5),
        {Rule.EXPOSURE, Rule.COVERAGE},
        "row 0 starts at 2.0 s and ends at 1.5 s",
    ),
    "a mean beyond the largest": (
        in_place(f"{FRAMES}/stack_pressure", 1, 99.0),
        {Rule.STATISTICS},
        "row 1: mean 99.0 of 21 samples",
    ),
    # the environment log
    "a log whose time goes back": (in_place(f"{PRESSURE_LOG}/time", 3, 0.01), {Rule.TIME}, "goes back"),
    "a log without values": (
        remove(f"{LOGS}/electrochemistry/voltage/value_log/value"),
        {Rule.LOG},
        "a log without time or value",
    ),
    "a log shorter than its times": (
        replaced(f"{LOGS}/electrochemistry/charge_log/quality", np.zeros(3, "i1")),
        {Rule.LOG},
        "unequal columns",
    ),
    "a log that was not joined": (
        in_place(f"{FRAMES}/voltage_count", 1, 17),
        {Rule.COVERAGE},
        "first row 1: 17 samples joined, the log has 3",
    ),
    # raw frames
    "an absolute link": (linked(RAW, "/nowhere/frames_000001.h5"), {Rule.RAW_LINK, Rule.RAW_MISSING}, "absolute path"),
    "a stack of frames under absolute paths": (stacked("/nowhere/frames_000001.h5"), {Rule.RAW_LINK}, "absolute path"),
    "a link to nothing": (linked(RAW, "../../raw/gone.h5"), {Rule.RAW_MISSING}, "1 of 2 raw files are missing"),
    "a link to something else": (
        linked(RAW, "../../raw/20260301/0123abcd/frames_000001.h5", "/entry/elsewhere"),
        {Rule.RAW_LINK},
        "holds no /entry/elsewhere",
    ),
    "no link": (remove(RAW), {Rule.RAW_LINK}, "no link to raw file 1"),
    # what makes it reusable
    "nobody knows how it was pressed": (
        remove("environment/sample/cell/assembly_pressure"),
        {Rule.STACK_PRESSURE},
        "assembly_pressure (what the stack was pressed with when it was made)",
    ),
    "nobody knows when the load cell was calibrated": (
        remove(f"{LOGS}/pressure/load_cell/calibration_date"),
        {Rule.STACK_PRESSURE},
        "calibration_date",
    ),
    "a reason that says nothing": (
        both(
            remove("environment/sample/cell/assembly_pressure"),
            added("environment/sample/cell/no_stack_pressure_reason", " "),
        ),
        {Rule.STACK_PRESSURE},
        "assembly_pressure",
    ),
    "a configuration of another run": (
        added_configuration("[a]\n", sha256(b"[b]\n").hexdigest()),
        {Rule.CONFIGURATION},
        "its checksum says",
    ),
    "a configuration with a hash of another kind": (
        added_configuration("[a]\n", "0", "md5"),
        {Rule.CONFIGURATION},
        "sha256 is wanted",
    ),
    "a configuration without a hash": (added_configuration("[a]\n", ""), {Rule.CONFIGURATION}, "without data"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    made = made_file(tmp_path_factory.mktemp("root"))
    slim(made.file)
    assert validate(made.file) == []
    return made


@pytest.mark.parametrize("name", DEFECTS)
def test_the_rule_fires_and_no_other(run: MadeRun, tmp_path: Path, name: str) -> None:
    defect, rules, words = DEFECTS[name]
    path = damaged(run, tmp_path, defect)
    findings = validate(path)
    lines = [str(finding) for finding in findings]
    assert {finding.rule for finding in findings} == rules, lines
    assert any(words in line for line in lines), lines
    with h5py.File(path) as file:
        picture = get_default(file)
        assert (picture is not None and picture.is_valid) or rules & {Rule.DEFAULT, Rule.AXES, Rule.SIGNAL, Rule.ERRORS}


def test_every_rule_is_shown_to_fire() -> None:
    elsewhere = {Rule.OPENS, Rule.PROGRAMME, Rule.REPROCESSED}  # each in a file of tests of its own
    assert set().union(*(rules for _, rules, _ in DEFECTS.values())) == set(Rule) - elsewhere


def test_a_reason_stands_in_for_what_is_not_known(run: MadeRun, tmp_path: Path) -> None:
    reason = added("environment/sample/cell/no_stack_pressure_reason", "a pouch cell between two plates")
    assert validate(damaged(run, tmp_path, both(remove("environment/sample/cell/assembly_pressure"), reason))) == []


def test_a_configuration_with_its_hash_is_one(run: MadeRun, tmp_path: Path) -> None:
    assert validate(damaged(run, tmp_path, added_configuration("[a]\n", sha256(b"[a]\n").hexdigest()))) == []
