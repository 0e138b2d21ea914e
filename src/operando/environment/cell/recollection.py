"""What a restarted service knows of the cell programme that the service before it left."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from operando.control.accounting import Account
from operando.environment.cell.script import Script, position_from, recalled
from operando.history import EnvironmentHistory, RealisedStep, Spectrum
from operando.vocabulary import CellProgramme, Position, ProgrammeState, of_channel, programme_from

NS = 1_000_000_000
_logger = logging.getLogger(__name__)
FLOWED = 10_000_000_000
"""ns to which it is remembered when current last flowed: while it flows, that changes with each sample."""
COUNTED = ("charge", "current", "run", "step_charge", "cycle")


@dataclass(frozen=True, slots=True)
class LastCount:
    """What the environment log knows of the last sample.

    Parameters
    ----------
    charge, step_charge : float
        A h.
    current : float
        A.
    run, cycle : int
        Of the step.
    time_ns : int
        UTC, ns since the epoch.
    """

    charge: float
    current: float
    run: int
    step_charge: float
    cycle: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class Recollection:
    """How a cell programme was left.

    Parameters
    ----------
    state : ProgrammeState
        As last seen.
    latched : bool
        In its safe state.
    script : Script or None
        What the instrument was given; None where that is not known.
    stands : Position or None
        Where the programme was interrupted, while it can go on from there: on the same cell.
    account : Account
        What changes with each step and half-cycle; the charge is in ``last``.
    extracted : float
        A h, in the programmes before.
    row : mapping
        Of the step that ran, as the book tells it; empty for none.
    ended : RealisedStep or None
        The step before it: the log may have lost its end.
    last : LastCount or None
        Out of the environment log.
    spectrum : Spectrum or None
        The last one, out of the environment log.
    loaded : CellProgramme or None
        What somebody had loaded in place of the configured one.
    in_place_of : str
        Hash of that configured one.
    """

    state: ProgrammeState = ProgrammeState.IDLE
    latched: bool = False
    script: Script | None = None
    stands: Position | None = None
    account: Account = field(default_factory=Account)
    extracted: float = 0.0
    row: Mapping[str, Any] = field(default_factory=dict)
    ended: RealisedStep | None = None
    last: LastCount | None = None
    spectrum: Spectrum | None = None
    loaded: CellProgramme | None = None
    in_place_of: str = ""


def recollection(facts: Mapping[str, Any], history: EnvironmentHistory, cell: str, channel: str = "") -> Recollection:
    """Return what is known of a cell programme.

    Parameters
    ----------
    facts : mapping
        What the runner of the service before told its memory.
    history : EnvironmentHistory
        The environment log.
    cell : str
        Name of the cell that is mounted now.
    channel : str
        Empty for the main cell.
    """
    state = str(facts.get("state"))
    known = Recollection(
        ProgrammeState(state) if state in list(ProgrammeState) else ProgrammeState.IDLE,
        bool(facts.get("latched")),
        last=last_count(history, channel),
    )
    try:
        script = recalled(programme_from(facts["programme"]), facts["script"]) if facts.get("programme") else None
        # what remains of a programme was compiled for the cell that it was interrupted on, and for no other
        stands = position_from(facts["stands"]) if facts.get("stands") and facts.get("cell") == cell else None
        row = facts.get("row") or {}
        return Recollection(
            known.state,
            known.latched,
            script,
            stands,
            _account(facts.get("account") or {}),
            float(facts.get("extracted") or 0.0) if facts.get("cell") == cell else 0.0,
            row,
            RealisedStep(**facts["ended"]) if facts.get("ended") else None,
            known.last,
            _spectrum(history, row, channel),
            programme_from(facts["loaded"]) if facts.get("loaded") else None,
            str(facts.get("in_place_of", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        _logger.error("what the service before remembered of the cell programme cannot be read: %r", error)
        return known


def recovered(before: Recollection, zero_ns: int, run: int) -> Account:
    """Return the account as it stood at the last sample that the service before has logged.

    Parameters
    ----------
    before : Recollection
        What memory and log know.
    zero_ns : int
        UTC, ns since the epoch, of the zero of the instrument's clock.
    run : int
        The step that runs.
    """
    account, last, script = before.account, before.last, before.script
    if last is None or last.time_ns <= zero_ns:
        charge, first = (script.at.passed, run == script.first_run) if script else (0.0, False)
        if before.stands:  # a pause that had no sample in the log yet
            charge, first = before.stands.passed, True
        doubtful = account.doubtful or script is None
        return replace(replace(account, charge=charge, doubtful=doubtful).restarted(), bounded=first)
    elapsed = (last.time_ns - zero_ns) / NS
    if account.run > last.run:  # its begin is remembered, and no sample of it was logged
        return replace(account, charge=account.step_begin, elapsed=account.begun, current=last.current, bounded=False)
    known = account.run == last.run
    return replace(
        account,
        charge=last.charge,
        doubtful=account.doubtful or script is None,
        run=last.run,
        elapsed=elapsed,
        current=last.current,
        bounded=False,
        begun=account.begun if known else elapsed,
        step_begin=last.charge - last.step_charge,
    )


def account_facts(account: Account, still: bool) -> dict[str, Any]:
    """Return what of an account changes with a step or a half-cycle, as plain values.

    Parameters
    ----------
    account : Account
        As it is now.
    still : bool
        No current flows; else what changes with each sample is left out: the log knows it.
    """
    return {
        "charge": account.charge if still else account.step_begin,
        "doubtful": account.doubtful,
        "run": account.run,
        "begun": account.begun,
        "step_begin": account.step_begin,
        "half_cycle": account.half_cycle,
        "direction": account.direction,
        "half_cycle_begin": _known(account.half_cycle_begin),
        "charged": _known(account.charged),
        "flowed_ns": account.flowed_ns if still else account.flowed_ns // FLOWED * FLOWED,
        "efficiency": _known(account.efficiency),
    }


def last_count(history: EnvironmentHistory, channel: str = "") -> LastCount | None:
    """Return where the count of charge was left."""
    charge = history.last(of_channel("charge", channel))
    if charge is None:
        return None
    found = {name: history.last(of_channel(name, channel), charge.time_ns) for name in COUNTED}
    values = {name: reading.value for name, reading in found.items() if reading}
    if len(values) < len(COUNTED) or not all(map(math.isfinite, values.values())):
        return None
    return LastCount(
        values["charge"],
        values["current"],
        int(values["run"]),
        values["step_charge"],
        int(values["cycle"]),
        charge.time_ns,
    )


def _account(facts: Mapping[str, Any]) -> Account:
    known: dict[str, Any] = {name: math.nan if value is None else value for name, value in facts.items()}
    return Account(**known)


def _known(value: float) -> float | None:
    """Return a number as it is remembered: one that is none differs from itself, and would be written for ever."""
    return None if math.isnan(value) else value


def _spectrum(history: EnvironmentHistory, row: Mapping[str, Any], channel: str) -> Spectrum | None:
    if not row:
        return None
    found = history.spectra(int(row["begun_ns"]), int(row["begun_ns"]), channel)
    return found[-1] if found else None
