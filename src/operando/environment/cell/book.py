"""The steps and spectra of a programme as they were realised, for the tables of the environment log."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from operando.environment.cell.facts import LONG_TEXT
from operando.history import KeptProgramme, RealisedStep, Spectrum, SpectrumPoint
from operando.instruments.roles import ImpedancePoint
from operando.vocabulary import CellProgramme, End, Limit, Step, plain, plain_step

Span = tuple[int, int]
UNITS = {Limit.TIME: "s", Limit.VOLTAGE: "V", Limit.CURRENT: "A", Limit.CHARGE: "A h", Limit.TEMPERATURE: "degC"}
UNHEARD = "not known: no service listened"
NOT_SAID = "not known: the instrument did not say"


def in_words(end: End) -> str:
    """Return a condition in words.

    Examples
    --------
    >>> in_words(End(Limit.VOLTAGE, 3.68)), in_words(End(Limit.MEASUREMENT))
    ('voltage >= 3.68 V', 'measurement done')
    """
    if end.limit is Limit.MEASUREMENT:
        return "measurement done"
    return f"{end.limit.value} {'<=' if end.below else '>='} {end.value:g} {UNITS[end.limit]}"


class Book:
    """Writes down what becomes of each step; belongs to one thread.

    Parameters
    ----------
    channel : str
        Empty for the main cell.
    keep : callable
        Takes what is to be written.
    """

    def __init__(self, channel: str, keep: Callable[[RealisedStep | Spectrum | KeptProgramme], None]) -> None:
        self._channel = channel
        self._keep = keep
        self.open: RealisedStep | None = None
        """The step that runs."""
        self.spectrum: Spectrum | None = None
        """The last one."""
        self._begun_ns = 0

    def programme(self, programme: CellProgramme, now_ns: int) -> None:
        """Write down a programme that is started."""
        text = json.dumps(plain(programme))
        self._keep(KeptProgramme(cell=self._channel, begun_ns=now_ns, hash=programme.hash, text=text))

    def unseen(
        self, steps: Sequence[Step], programme: str, run: int, cycles: Sequence[int], half_cycle: int, span: Span
    ) -> None:
        """Write down steps that were done while nobody listened, some time in a span.

        Parameters
        ----------
        steps : sequence of Step
            In their order.
        programme, half_cycle
            As of `begin`.
        run : int
            Of the first of them.
        cycles : sequence of int
            Of each.
        span : tuple of int
            UTC, ns since the epoch: when somebody had listened last, and when again.
        """
        self.end(UNHEARD, span[1])
        for number, (step, cycle) in enumerate(zip(steps, cycles, strict=True)):
            self.begin(step, programme, run + number, cycle, half_cycle, span[0])
            self.end(UNHEARD, span[1])

    def begin(self, step: Step, programme: str, run: int, cycle: int, half_cycle: int, begun_ns: int) -> None:
        """Open the row of a step; the one before, whose end nobody told, has ended."""
        self.end(NOT_SAID, begun_ns)
        self._begun_ns = max(begun_ns, self._begun_ns + 1)  # by which it is found
        self.open = RealisedStep(
            cell=self._channel,
            begun_ns=self._begun_ns,
            programme=programme,
            run=run,
            cycle=cycle,
            half_cycle=half_cycle,
            step=step.number,
            name=step.name,
            kind=step.kind,
            limits=json.dumps(plain_step(step)),
        )
        self._keep(self.open)

    def point(self, point: ImpedancePoint) -> Spectrum | None:
        """Add a point to the spectrum of the step that runs, and return it."""
        step = self.open
        if step is None:
            return None
        if self.spectrum is None or self.spectrum.begun_ns != step.begun_ns:
            self.spectrum = Spectrum(
                cell=self._channel,
                begun_ns=step.begun_ns,
                programme=step.programme,
                run=step.run,
                cycle=step.cycle,
                step=step.step,
                name=step.name,
            )
        measured = SpectrumPoint(point.time_ns, point.frequency, point.real, point.imaginary, int(point.quality))
        self.spectrum = replace(self.spectrum, points=(*self.spectrum.points, measured))
        self._keep(self.spectrum)
        return self.spectrum

    def end(self, how: str, ended_ns: int, **measured: Any) -> RealisedStep | None:
        """Close the row of the step that runs, and return it.

        Parameters
        ----------
        how : str
            Which end was met, in words.
        ended_ns : int
            UTC, ns since the epoch.
        **measured
            What else is known of it, by the names of `RealisedStep`.
        """
        step, self.open = self.open, None
        if step is None:
            return None
        ended = replace(step, how=how, ended_ns=max(ended_ns, step.begun_ns), **measured)
        self._keep(ended)
        if self.spectrum and self.spectrum.begun_ns == step.begun_ns:
            self.spectrum = replace(self.spectrum, ended_ns=ended.ended_ns)
            self._keep(self.spectrum)
        return ended

    def facts(self) -> dict[str, Any] | None:
        """Return what `recall` goes on with."""
        return asdict(self.open) if self.open else None

    def recall(self, found: Mapping[str, Any], spectrum: Spectrum | None) -> None:
        """Go on with a step that was open when the service before ended."""
        self.open = RealisedStep(**found)
        self._begun_ns = self.open.begun_ns
        if spectrum and spectrum.begun_ns == self.open.begun_ns:
            self.spectrum = spectrum


def spectrum_json(spectrum: Spectrum) -> str:
    """Return a spectrum for its record."""
    text = json.dumps(
        {
            "name": spectrum.name,
            "run": spectrum.run,
            "cycle": spectrum.cycle,
            "step": spectrum.step,
            "begun_ns": spectrum.begun_ns,
            "ended_ns": spectrum.ended_ns,
            "frequency": [point.frequency for point in spectrum.points],
            "real": [point.real for point in spectrum.points],
            "imaginary": [point.imaginary for point in spectrum.points],
        }
    )
    return text if len(text) < LONG_TEXT else json.dumps({"name": spectrum.name, "run": spectrum.run})


def programme_json(programme: CellProgramme) -> str:
    """Return a programme for its record; one that does not fit was refused when it was compiled."""
    return json.dumps(plain(programme))
