"""Commands of MethodSCRIPT that set the analogue side: relay, mode, setpoint and ranges."""

from operando.sim.wires.methodscript_measure import WRONG_MODE, impose
from operando.sim.wires.methodscript_parser import ScriptError, Statement
from operando.sim.wires.methodscript_variables import Command, Variables
from operando.sim.wires.pgstat import GALVANOSTAT, PGStat

UNKNOWN_MODE = 0x0021

MODES = (0, 2, 3, 4, 5, GALVANOSTAT)

CURRENTS = ("ba", "db")
"""Kinds whose ranges are those of the current: measured, applied."""

WITHOUT_EFFECT = ("set_pgstat_chan", "set_max_bandwidth", "set_acquisition_frac", "set_acquisition_frac_autoadjust")
"""Settings of filters, and of a channel that is the only one."""


def settings(pgstat: PGStat, variables: Variables) -> dict[str, Command]:
    """Return the commands, by their names."""

    def number(statement: Statement, index: int = 0) -> float:
        return variables.number(statement.arguments[index])

    def switch_on(statement: Statement) -> None:
        if "ocp" in statement.options and not pgstat.galvanostatic:
            impose(pgstat, variables[statement.options["ocp"]].value, statement.line)
        pgstat.switch(True)

    def switch_off(statement: Statement) -> None:
        pgstat.switch(False)

    def choose_mode(statement: Statement) -> None:
        mode = number(statement)
        if mode not in MODES:
            raise ScriptError(UNKNOWN_MODE, statement.line)
        pgstat.set_mode(int(mode))

    def choose_setpoint(statement: Statement) -> None:
        if pgstat.galvanostatic != (statement.name == "set_i"):
            raise ScriptError(WRONG_MODE, statement.line)
        impose(pgstat, number(statement), statement.line)

    def choose_range(statement: Statement) -> None:
        if statement.arguments[0] in CURRENTS:
            pgstat.choose_range(max(abs(number(statement, index)) for index in range(1, len(statement.arguments))))

    def allow_ranges(statement: Statement) -> None:
        if statement.arguments[0] in CURRENTS:
            pgstat.range_itself(abs(number(statement, 1)), abs(number(statement, 2)))

    def do_nothing(statement: Statement) -> None:
        pass

    return {
        "cell_on": switch_on,
        "cell_off": switch_off,
        "set_pgstat_mode": choose_mode,
        "set_i": choose_setpoint,
        "set_e": choose_setpoint,
        "set_range": choose_range,
        "set_range_minmax": choose_range,
        "set_autoranging": allow_ranges,
        **dict.fromkeys(WITHOUT_EFFECT, do_nothing),
    }
