"""Numbers as people read them: each potential on both scales, currents and charges with a fitting prefix."""

from dataclasses import dataclass

PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"))


@dataclass(frozen=True, slots=True)
class Words:
    """Puts numbers into words.

    Parameters
    ----------
    counter_electrode_potential : float
        V vs Li/Li+.
    """

    counter_electrode_potential: float

    def voltage(self, terminals: float) -> str:
        """Return a voltage (V between the terminals) on both scales.

        Examples
        --------
        >>> Words(0.62).voltage(3.68)
        '4.300 V vs Li/Li+ (3.680 V at the terminals)'
        """
        return f"{terminals + self.counter_electrode_potential:.3f} V vs Li/Li+ ({terminals:.3f} V at the terminals)"

    @staticmethod
    def current(amperes: float) -> str:
        """Return a current (A).

        Examples
        --------
        >>> Words.current(-196.35e-6)
        '-196.4 µA'
        """
        return _prefixed(amperes, "A")

    @staticmethod
    def charge(ampere_hours: float) -> str:
        """Return a charge (A h)."""
        return _prefixed(ampere_hours, "A h")


def _prefixed(value: float, unit: str) -> str:
    # Half a unit of the last digit shown must not make 1000 of a prefix: 999.96 µA is 1 mA.
    factor, prefix = next(((f, p) for f, p in PREFIXES if abs(value) >= 0.99995 * f), PREFIXES[-1])
    if value == 0:
        factor, prefix = PREFIXES[0]
    return f"{value / factor:.4g} {prefix}{unit}"
