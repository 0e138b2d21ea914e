"""Charge accounting of a cell programme: coulombs, half-cycles, capacity, efficiency, rests. Charging is positive."""

import math
from dataclasses import dataclass, replace

from operando.vocabulary import CellProgramme, ConstantCurrent, ConstantVoltage, Impedance, Rest, Step, VoltageRamp

SECONDS_PER_HOUR = 3600.0
NS = 1_000_000_000
GAP = 2.5
"""Sample intervals without a sample, after which what passed meanwhile is doubtful unless the instrument counts."""
NEGLIGIBLE = 1e-3
"""Of a programme's largest current: less than this turns no half-cycle and interrupts no rest."""


def negligible(programme: CellProgramme) -> float:
    """Return the current, A, below which a cell is as good as at rest."""
    currents = [abs(step.current) for step in programme.steps if isinstance(step, ConstantCurrent)]
    limits = [step.current_limit for step in programme.steps if isinstance(step, ConstantVoltage | VoltageRamp)]
    return NEGLIGIBLE * max(currents or limits, default=0.0)


@dataclass(frozen=True, slots=True)
class Account:
    """What has been counted since a programme began.

    Parameters
    ----------
    charge : float
        A h, charging positive.
    doubtful : bool
        Something passed that nobody has counted.
    run : int
        The step that is counted; 0 before the first.
    elapsed : float
        s on the instrument's clock, up to where it is counted.
    current : float
        A, at ``elapsed``.
    bounded : bool
        A step begins at ``elapsed``: all of the one before is counted.
    begun : float
        s on the instrument's clock, where the step began.
    step_begin : float
        ``charge`` where the step began.
    half_cycle : int
        From 1.
    direction : int
        1 while the half-cycle charges, -1 while it discharges, 0 before any current.
    half_cycle_begin : float
        ``charge`` where the half-cycle began; not a number where that was not heard.
    charged : float
        A h of the last half-cycle that charged and is complete; not a number before.
    efficiency : float
        Of the last discharge that is complete, over the charge before it; not a number before.
    flowed_ns : int
        UTC, ns since the epoch, when current last flowed; 0 before any.
    """

    charge: float = 0.0
    doubtful: bool = False
    run: int = 0
    elapsed: float = 0.0
    current: float = 0.0
    bounded: bool = True
    begun: float = 0.0
    step_begin: float = 0.0
    half_cycle: int = 1
    direction: int = 0
    half_cycle_begin: float = 0.0
    charged: float = math.nan
    efficiency: float = math.nan
    flowed_ns: int = 0

    @property
    def step_charge(self) -> float:
        """A h that passed in this step."""
        return self.charge - self.step_begin

    @property
    def step_time(self) -> float:
        """How long the step has lasted, s."""
        return self.elapsed - self.begun

    @property
    def capacity(self) -> float:
        """A h of this half-cycle, positive."""
        return abs(self.charge - self.half_cycle_begin)

    def rest_age(self, time_ns: int) -> float:
        """Return the s since current last flowed; not a number before any."""
        return (time_ns - self.flowed_ns) / NS if self.flowed_ns else math.nan

    def sampled(
        self,
        step: Step,
        run: int,
        elapsed: float,
        current: float,
        own: float,
        time_ns: int,
        smallest: float,
        before: float = math.nan,
    ) -> "Account":
        """Return the account after a sample.

        The charge of a step is the instrument's own count, which misses no sample. Where it does not count, the current
        is taken as linear between samples, and the first sample of a step counts from its beginning.

        Parameters
        ----------
        step : Step
            That it belongs to.
        run : int
            Its number since the programme began.
        elapsed : float
            s on the instrument's clock.
        current : float
            A; where it is not a number, its time is counted with the next one that is.
        own : float
            A h that the instrument has counted in this step; not a number where it does not count.
        time_ns : int
            UTC, ns since the epoch.
        smallest : float
            A; of `negligible`.
        before : float
            A h that the instrument has counted in the steps before; looked at where one of them was not seen to end.

        Examples
        --------
        >>> step = ConstantCurrent(number=1, name="charge", ends=(), sample_interval=0.5, current=1e-3)
        >>> Account().sampled(step, 1, 1800.0, 1e-3, 5e-4, 0, 1e-6).charge
        0.0005
        """
        new = run != self.run
        if not math.isfinite(current) or (elapsed <= self.elapsed and not (new and self.bounded)):
            return self
        current, own = (0.0, 0.0) if isinstance(step, Rest) else (current, own)
        begun = _begun(self, step, run, elapsed, current, own, before) if new else self
        sign = _direction(step, current, smallest)
        turned = _turned(begun, sign) if sign else begun
        charge, doubtful = _counted(begun, step, elapsed, current, own, first=new)
        return replace(
            turned,
            charge=charge,
            doubtful=turned.doubtful or doubtful,
            elapsed=elapsed,
            current=current,
            bounded=False,
            flowed_ns=time_ns if sign else self.flowed_ns,
        )

    def step_ended(
        self,
        step: Step,
        run: int,
        elapsed: float,
        own: float,
        time_ns: int,
        smallest: float,
        before: float = math.nan,
    ) -> "Account":
        """Return the account after the end of a step; where the instrument does not count, its last current flowed."""
        if isinstance(step, Rest):
            own = 0.0
        # a step may be shorter than a sample interval: a current that is set is known without a sample
        begun = self if run == self.run else _begun(self, step, run, elapsed, _imposed(step), own, before)
        elapsed = max(elapsed, begun.elapsed)
        charge = begun.charge + begun.current * (elapsed - begun.elapsed) / SECONDS_PER_HOUR
        sign = _direction(step, begun.current, smallest)
        # what a held voltage draws while it is modulated is in its own count alone; at open circuit it is little
        held = isinstance(step, Impedance) and not step.galvanostatic and step.bias is not None
        unknown = held and not math.isfinite(own)
        return replace(
            _turned(begun, sign) if sign else begun,
            charge=begun.step_begin + own if math.isfinite(own) else charge,
            doubtful=begun.doubtful or unknown,
            elapsed=elapsed,
            bounded=True,
            flowed_ns=time_ns if sign else self.flowed_ns,
        )

    def measured(self, step: Step, run: int, elapsed: float) -> "Account":
        """Return the account after a point of a spectrum: what is modulated has no mean but its bias."""
        bias = _imposed(step)
        begun = self if run == self.run else _begun(self, step, run, elapsed, bias, math.nan, math.nan)
        passed = bias * max(elapsed - begun.elapsed, 0.0) / SECONDS_PER_HOUR
        elapsed = max(elapsed, begun.elapsed)
        return replace(begun, charge=begun.charge + passed, elapsed=elapsed, current=bias, bounded=False)

    def unseen(self, step: Step) -> "Account":
        """Return the account after a step of which nothing was heard: where its half-cycle began is not known."""
        sign = _direction(step, 0.0, 0.0)
        if sign in (0, self.direction):
            return self
        number = self.half_cycle + (self.direction != 0)
        return replace(self, half_cycle=number, direction=sign, half_cycle_begin=math.nan, charged=math.nan)

    def restarted(self) -> "Account":
        """Return the account before a script that goes on with the programme: the instrument's clock begins anew."""
        return replace(self, elapsed=0.0, current=0.0, bounded=True)

    def closed(self) -> "Account":
        """Return the account after the end of the programme: its last half-cycle is complete."""
        if self.direction >= 0:
            return self
        return replace(self, efficiency=self.capacity / self.charged if self.charged > 0 else math.nan)


def _begun(
    account: Account, step: Step, run: int, elapsed: float, current: float, own: float, before: float
) -> Account:
    """Begin to count a step; the one before is counted to its end, as far as that is known."""
    charge, doubtful, begin = account.charge, account.doubtful, account.elapsed
    if not account.bounded:
        flowing = math.isfinite(own) and current
        begin = min(max(elapsed - own / current * SECONDS_PER_HOUR, begin), elapsed) if flowing else elapsed
        if math.isfinite(before):
            charge = before
        else:
            charge += account.current * (begin - account.elapsed) / SECONDS_PER_HOUR
            doubtful = doubtful or run != account.run + 1 or elapsed - account.elapsed > GAP * step.sample_interval
    return replace(
        account,
        charge=charge,
        doubtful=doubtful,
        run=run,
        elapsed=begin,
        begun=begin,
        current=current,
        step_begin=charge,
    )


def _turned(account: Account, sign: int) -> Account:
    """Begin another half-cycle where the current has turned."""
    if sign == account.direction:
        return account
    if account.direction == 0:
        return replace(account, direction=sign)
    closed = account.closed()
    return replace(
        closed,
        half_cycle=account.half_cycle + 1,
        direction=sign,
        half_cycle_begin=account.charge,
        charged=account.capacity if account.direction > 0 else account.charged,
    )


def _counted(
    account: Account, step: Step, elapsed: float, current: float, own: float, first: bool
) -> tuple[float, bool]:
    """Return the charge after a sample, A h, and whether it is doubtful."""
    if math.isfinite(own):
        return account.step_begin + own, False
    seconds = elapsed - account.elapsed
    mean = current if first else (account.current + current) / 2
    doubtful = seconds > GAP * step.sample_interval and not isinstance(step, ConstantCurrent)
    return account.charge + mean * seconds / SECONDS_PER_HOUR, doubtful


def _imposed(step: Step) -> float:
    """Return the direct current, A, that a step imposes, where it does."""
    if isinstance(step, Impedance):
        return (step.bias or 0.0) if step.galvanostatic else 0.0
    return step.current if isinstance(step, ConstantCurrent) else 0.0


def _direction(step: Step, current: float, smallest: float) -> int:
    """Return 1 where a step charges, -1 where it discharges, 0 where it does neither."""
    if isinstance(step, Rest | Impedance):
        return 0
    flow = step.current if isinstance(step, ConstantCurrent) else current
    if isinstance(step, ConstantCurrent) or abs(flow) > smallest:
        return int(math.copysign(1, flow)) if flow else 0
    return 0
