"""How areaDetector lays out its parameters: a settable record and its ``_RBV`` twin, text as CHAR waveforms."""

from collections.abc import Awaitable, Callable
from typing import Any

from caproto import ChannelType
from caproto.server import PvpropertyChar, get_pv_pair_wrapper, pvproperty

TEXT_LENGTH = 256
"""Bytes of a CHAR waveform, areaDetector's NELM for file names."""

_pair = get_pv_pair_wrapper(setpoint_suffix="", readback_suffix="_RBV")

Put = Callable[[Any, Any, Any], Awaitable[Any]]
"""``put(group, record, value)``; the group of a pair holds ``setpoint``, ``readback`` and its ``parent``."""


class Text(PvpropertyChar):
    """A settable CHAR waveform that can be emptied: caproto's own takes NULs alone for a failed conversion."""

    async def write_from_dbr(self, data: Any, data_type: Any, metadata: Any, *, flags: int = 0) -> None:
        """Take what a client wrote."""
        if data_type == ChannelType.CHAR and not bytes(data).rstrip(b"\0"):
            await self.write("", flags=flags)
        else:
            await super().write_from_dbr(data, data_type, metadata, flags=flags)


def number(name: str, value: float | int, *, put: Put | None = None, units: str = "") -> Any:
    """Return a settable number and its readback; an ``int`` makes a longout, a ``float`` an ao of three decimals."""
    decimals = {"precision": 3} if isinstance(value, float) else {}
    return _pair(name=name, value=value, dtype=type(value), put=put, units=units, **decimals)


def choice(name: str, options: tuple[str, ...], value: str, *, put: Put | None = None) -> Any:
    """Return a settable enumeration and its readback."""
    return _pair(name=name, value=value, dtype=ChannelType.ENUM, enum_strings=options, put=put)


def text(name: str, value: str = "", *, put: Put | None = None) -> Any:
    """Return a settable CHAR waveform and its readback."""
    return _pair(name=name, value=value, dtype=str, max_length=TEXT_LENGTH, put=put, setpoint_kw={"dtype": Text})


def number_readback(name: str, value: float | int, *, units: str = "") -> Any:
    """Return a number that clients read; ``name`` without ``_RBV``."""
    return pvproperty(name=f"{name}_RBV", value=value, dtype=type(value), units=units, read_only=True)


def choice_readback(name: str, options: tuple[str, ...], value: str) -> Any:
    """Return an enumeration that clients read; ``name`` is complete, for not all of them end in ``_RBV``."""
    return pvproperty(name=name, value=value, dtype=ChannelType.ENUM, enum_strings=options, read_only=True)


def text_readback(name: str, value: str = "") -> Any:
    """Return a CHAR waveform that clients read; ``name`` is complete, for not all of them end in ``_RBV``."""
    return pvproperty(name=name, value=value, dtype=str, max_length=TEXT_LENGTH, read_only=True)
