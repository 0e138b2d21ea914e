"""The frozen table of a campaign: each fault of the simulator, and what the service must make of it in each mode.

A trip names its first cause; a row without one is a documented non-trip, with the reason beside it. ``says`` must stand
in the service's log where the service can know of the fault at all.
"""

from dataclasses import dataclass, replace

MODES = ("closed_loop", "constant_volume", "manual", "released")
LOST, FOREIGN, SILENT, LYING = "load_cell_lost", "amplifier_foreign", "amplifier_silent", "load_cell_implausible"


@dataclass(frozen=True)
class Case:
    """One fault in one mode."""

    target: str
    kind: str
    first: str = ""
    """The interlock that trips first; empty: none does."""
    says: str = ""
    value: float | None = None
    may: str = ""
    """An interlock that may trip, or not: the protocol does not show enough."""
    alarm: str = ""
    moves: bool = False
    """The fault itself moves the drive at once."""
    ask: tuple[str, float] | None = None
    """Field and value that somebody asks of the pressure while the fault stands."""
    stands: float = 1.5
    """s that a fault without a trip stands."""
    mode: str = ""

    def __str__(self) -> str:
        value = "" if self.value is None else f" {self.value:g}"
        return f"{self.target} {self.kind}{value}, {self.mode}"


OPEN = "safe state of the cell: open circuit read back: "
LINE_FAULTS = ("unplugged", "hung", "nak", "half", "garbage")

ROWS: tuple[Case, ...] = (
    Case("load_cell", "stuck", LOST, "frozen"),
    Case("load_cell", "frozen", LOST, "frozen"),
    Case("load_cell", "nan", LOST, "NAN"),
    Case("load_cell", "spike"),  # a reading alone is held over, and the next is believed again
    Case("load_cell", "drift"),  # 5 kPa/s stays inside the window for five minutes
    Case("load_cell", "drift", LYING, value=600.0),
    Case("load_cell", "drift", LYING, value=-600.0),
    Case("load_cell", "broken_wire", LOST, "is not believed"),
    *(Case("load_cell", kind, LOST, "load cell: ") for kind in LINE_FAULTS),
    Case("load_cell", "reopened", says="line lost"),  # found again at the next step
    Case("load_cell", "slow", value=0.03),  # late, and in time
    # without a number or a checksum a late reply cannot be told from that to the next command: held, or some 0.1 s old
    Case("load_cell", "slow", may=LOST, says="was not answered", value=0.25),
    Case("piezo", "over_temperature", "amplifier_too_hot", "too hot"),
    Case("piezo", "power_cycled", FOREIGN, "somebody else drives it", moves=True),
    Case("piezo", "closed_loop", FOREIGN, "its own position loop is on"),
    Case("piezo", "foreign_source", FOREIGN, "modsrc is 1"),
    Case("piezo", "moved", FOREIGN, "was written last", moves=True),
    *(Case("piezo", kind, SILENT, "nothing is written until its drive is read again") for kind in LINE_FAULTS),
    Case("piezo", "slow", SILENT, "nothing is written until its drive is read again"),
    Case("piezo", "reopened", says="answers again"),
    Case("heater", "sensor_break", "heater_sensor_broken", "INTERLOCK heater_sensor_broken"),
    Case("heater", "stuck_on"),  # for as long as the temperature is below its limit and the output not off
    *(Case("heater", kind, says="heater: ", alarm="heater_silent") for kind in LINE_FAULTS),
    Case("heater", "slow", says="not answered within", alarm="heater_silent"),
    Case("heater", "reopened", says="line lost"),
)

OF_A_CELL: tuple[Case, ...] = (
    Case("potentiostat", "overload", "overload", OPEN),
    *(Case("potentiostat", kind, "cell_silent", OPEN) for kind in ("unplugged", "hung", "half", "slow", "silent")),
    Case("potentiostat", "power_cycled", "cell_silent", OPEN),
    Case("potentiostat", "garbage", may="cell_silent", says="EmStat4: "),  # some packets come through
    Case("potentiostat", "reopened", may="cell_silent", says="line lost"),  # the next sample may be one too late
    Case("potentiostat", "nak"),  # what it measures is heard all the same
    Case("potentiostat", "clock"),  # the host's estimate of it follows
    Case("potentiostat", "limits_ignored"),  # until a limit is passed: see test_cell_faults.py
    Case("cell", "short", "short_circuit", OPEN, value=2000.0),  # a harder one empties the cell for the cases behind
    Case("cell", "lead_off", "lead_off", OPEN),
    Case("cell", "counter_electrode", "short_circuit", OPEN, value=0.2),  # looks like one: the voltage falls at once
)
"""While a programme runs; in the released mode none can, and nothing trips."""
AT_REST = {"unplugged": "line lost", "reopened": "line lost", "garbage": "EmStat4: "}
"""What is said of a potentiostat whose cell is at open circuit."""

ENDED_SCRIPT = Case("potentiostat", "runtime_error", says="ended with '!0032")
STUCK_OUTPUT = Case("piezo", "stuck", FOREIGN, "its output is")
PARTICULAR = (
    *(replace(ENDED_SCRIPT, mode=mode) for mode in ("closed_loop", "constant_volume", "manual")),
    Case("potentiostat", "runtime_error", mode="released"),  # no script runs that could end
    replace(STUCK_OUTPUT, mode="closed_loop", ask=("target", 88.0)),
    replace(STUCK_OUTPUT, mode="manual", ask=("drive", 80.0)),
    # nobody moves the drive: nothing to see
    Case("piezo", "stuck", mode="constant_volume"),
    Case("piezo", "stuck", mode="released"),
)

QUICK = {
    ("load_cell", "stuck", "closed_loop"),
    ("load_cell", "nan", "manual"),
    ("load_cell", "unplugged", "closed_loop"),
    ("load_cell", "spike", "closed_loop"),
    ("load_cell", "garbage", "released"),
    ("piezo", "power_cycled", "closed_loop"),
    ("piezo", "stuck", "manual"),
    ("piezo", "hung", "constant_volume"),
    ("piezo", "reopened", "closed_loop"),
    ("heater", "sensor_break", "constant_volume"),
    ("heater", "hung", "closed_loop"),
    ("potentiostat", "runtime_error", "closed_loop"),
}

CASES: tuple[Case, ...] = (
    *(replace(row, mode=mode) for row in ROWS for mode in MODES),
    *(replace(row, mode=mode) for row in OF_A_CELL for mode in MODES if mode != "released"),
    *(replace(row, mode="released", first="", says=AT_REST.get(row.kind, "")) for row in OF_A_CELL),
    *PARTICULAR,
)
SHORT: tuple[Case, ...] = tuple(case for case in CASES if (case.target, case.kind, case.mode) in QUICK)
