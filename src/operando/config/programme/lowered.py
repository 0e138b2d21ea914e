"""A step of the instrument beside the keys that its author wrote it with."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from operando.vocabulary import End, Limit, Step


@dataclass(frozen=True, slots=True)
class Lowered:
    """A step, and which key said what of it.

    Parameters
    ----------
    step : Step
        As the instrument runs it.
    keys : mapping
        An attribute of the step, or one of its ends, → the key that said so.
    own_ends : bool
        Its author named an end.
    """

    step: Step
    keys: Mapping[str | End, str] = field(default_factory=dict)
    own_ends: bool = True

    def key(self, of: str | End) -> str:
        """Return the key that said an attribute or an end."""
        return self.keys.get(of, of if isinstance(of, str) else f"until_{of.limit}")

    def ends(self, limit: Limit) -> Iterator[End]:
        """Yield the ends that look at one thing."""
        return (end for end in self.step.ends if end.limit is limit)

    def end(self, limit: Limit, *, below: bool = False) -> End | None:
        """Return the end that looks at one thing from one side."""
        return next((end for end in self.ends(limit) if end.below is below), None)

    def __str__(self) -> str:
        return f"step {self.step.number} ({self.step.name})"
