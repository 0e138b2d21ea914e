"""The safe state is read back, and said once: in the record, and in the log."""

from dataclasses import dataclass, field
from typing import Any

from operando.environment.open_circuit import OpenCircuit
from operando.errors import InstrumentError, InstrumentRefused, NoReply


@dataclass
class Bench:
    """A potentiostat that answers as the test says."""

    answers: list[float | InstrumentError]
    records: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        potentiostat: Any = self
        self.open_circuit = OpenCircuit(potentiostat, self.records.__setitem__, self.lines.append)

    def verify_open(self) -> float:
        answer = self.answers.pop(0)
        if isinstance(answer, InstrumentError):
            raise answer
        return answer


def test_a_voltage_at_open_circuit_verifies_it() -> None:
    bench = Bench([3.41234])
    assert bench.open_circuit.verify()
    assert bench.records["OPEN_VERIFIED"].startswith("open circuit read back: 3.4123 V, 20")
    assert bench.lines == [f"safe state of the cell: {bench.records['OPEN_VERIFIED']}"]


def test_a_dead_line_is_said_once_and_the_answer_when_it_comes() -> None:
    silence = NoReply("EmStat4: nothing came within 1 s")
    bench = Bench([silence, silence, silence, 3.4])
    assert [bench.open_circuit.verify() for _ in range(3)] == [False] * 3
    assert bench.records["OPEN_VERIFIED"] == "cannot be verified: EmStat4: nothing came within 1 s"
    assert len(bench.lines) == 1
    assert bench.open_circuit.verify()
    assert "3.4000 V" in bench.lines[1]


def test_a_cell_that_is_still_on_is_not_open() -> None:
    bench = Bench([InstrumentRefused("EmStat4: !0014: open-circuit potential needs the cell off")])
    assert not bench.open_circuit.verify()
    assert "needs the cell off" in bench.records["OPEN_VERIFIED"]


def test_a_start_ends_what_was_verified() -> None:
    bench = Bench([3.4])
    bench.open_circuit.verify()
    bench.open_circuit.begun()
    assert bench.records["OPEN_VERIFIED"] == ""
    assert not bench.open_circuit.verified
