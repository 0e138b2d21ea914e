"""The variables of a running MethodSCRIPT and what can be done with them.

A variable is a number of 32 bits, with a fraction or whole. What a host counts in a script it counts with that.
"""

import math
import operator
from collections.abc import Callable, Iterable

from operando.sim.wires.methodscript_packet import Variable, single
from operando.sim.wires.methodscript_parser import Literal, ScriptError, Statement, literal

OUT_OF_BOUNDS = 0x4205

LARGEST_WHOLE = 2.0**31

LARGEST_ARRAY = 30_000
"""Elements."""

Command = Callable[[Statement], None]
"""Executes a statement that takes no time."""

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "add_var": operator.add, "sub_var": operator.sub, "mul_var": operator.mul, "div_var": operator.truediv,
    "mod_var": math.fmod, "pow_var": math.pow,
}  # fmt: skip


class Variables:
    """Named variables.

    Parameters
    ----------
    names : iterable of str
        Those that the script declares.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._variables = {name: Variable() for name in names}
        self._sizes: dict[str, int] = {}
        self.commands: dict[str, Command] = {
            "var": self._declare,
            "array": self._declare_array,
            "store_var": self._store,
            "copy_var": self._copy,
            "alter_vartype": self._alter,
            "float_to_int": self._make_whole,
            "int_to_float": self._make_fraction,
            **dict.fromkeys(ARITHMETIC, self._calculate),
        }
        """What can be done with them, by the names of the commands."""

    def __getitem__(self, name: str) -> Variable:
        """Return a variable, or an element of an array; IndexError beyond it."""
        return self._variables[name] if name[-1] != "]" else self._variables[self._element(name)]

    def __setitem__(self, name: str, variable: Variable) -> None:
        """Put a measured value into a variable."""
        variable.value = single(variable.value)
        self._put(name, variable)

    def number(self, argument: str | Literal) -> float:
        """Return the value of a variable or a literal."""
        return self[argument].value if isinstance(argument, str) else float(argument)

    def holds(self, statement: Statement) -> bool:
        """Whether a condition is true: two numbers and what is between them."""
        left, comparison, right = statement.arguments
        return COMPARISONS[str(comparison)](self.number(left), self.number(right))

    def _declare(self, statement: Statement) -> None:
        self._variables[str(statement.arguments[0])] = Variable()

    def _declare_array(self, statement: Statement) -> None:
        name, size = str(statement.arguments[0]), self.number(statement.arguments[1])
        if not 1.0 <= size <= LARGEST_ARRAY:
            raise ScriptError(OUT_OF_BOUNDS, statement.line)
        self._sizes[name] = int(size)
        self._variables |= {f"{name}[{index}]": Variable() for index in range(int(size))}

    def _put(self, name: str, variable: Variable) -> None:
        self._variables[name if name[-1] != "]" else self._element(name)] = variable

    def _element(self, name: str) -> str:
        array, _, index = name[:-1].partition("[")
        place = self._variables[index].value if index in self._variables else literal(index)
        if not 0.0 <= place < self._sizes.get(array, 0):
            raise IndexError
        return f"{array}[{int(place)}]"

    def _store(self, statement: Statement) -> None:
        name, value, kind = statement.arguments
        whole = isinstance(value, Literal) and value.integer
        self._put(str(name), Variable(self.number(value), str(kind), whole))

    def _copy(self, statement: Statement) -> None:
        source = self[str(statement.arguments[0])]
        self._put(str(statement.arguments[1]), Variable(source.value, source.kind, source.integer, source.fields))

    def _alter(self, statement: Statement) -> None:
        self[str(statement.arguments[0])].kind = str(statement.arguments[1])

    def _make_whole(self, statement: Statement) -> None:
        variable = self[str(statement.arguments[0])]
        if not abs(variable.value) < LARGEST_WHOLE:
            raise ScriptError(OUT_OF_BOUNDS, statement.line)
        variable.value, variable.integer = float(math.trunc(variable.value)), True

    def _make_fraction(self, statement: Statement) -> None:
        variable = self[str(statement.arguments[0])]
        variable.value, variable.integer = single(variable.value), False

    def _calculate(self, statement: Statement) -> None:
        """Calculate: whole where both numbers are, else with 24 bits; what was measured is measured no more."""
        variable, other = self[str(statement.arguments[0])], statement.arguments[1]
        variable.integer = variable.integer and self._is_whole(other)
        try:
            value = ARITHMETIC[statement.name](variable.value, self.number(other))
            variable.value = float(math.trunc(value)) if variable.integer else single(value)
        except (ValueError, ArithmeticError):
            raise ScriptError(OUT_OF_BOUNDS, statement.line) from None
        variable.fields = ""

    def _is_whole(self, argument: str | Literal) -> bool:
        return self[argument].integer if isinstance(argument, str) else argument.integer
