"""Protocols of aurora-unicycler (https://github.com/EmpaEconversion/aurora-unicycler), read into our language.

Its voltages have no scale, so whoever reads one must say it. What one language has no word for is refused by step and
field, or, where it harms nothing, told in a note.
"""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from operando.config.programme.unicycler_loops import nested
from operando.errors import ConfigurationError
from operando.vocabulary import PotentialScale

if TYPE_CHECKING:
    from aurora_unicycler import CyclingProtocol

Table = dict[str, Any]
RMS = 1.0 / math.sqrt(2.0)
"""Of a sine, over its amplitude, which is what a protocol gives."""


def validated_protocol(protocol: Mapping[str, Any], where: str) -> "CyclingProtocol":
    """Return the protocol as its own library sees it.

    Raises
    ------
    ConfigurationError
        The library is not there, or finds something wrong.
    """
    try:
        from aurora_unicycler import CyclingProtocol
    except ImportError as error:
        raise ConfigurationError(f"{where}: aurora-unicycler is wanted: pip install 'operando[unicycler]'") from error
    try:
        return CyclingProtocol.from_dict(dict(protocol))
    except ValueError as error:
        raise ConfigurationError(
            f"{where}: not a protocol of aurora-unicycler: {' '.join(str(error).split())}"
        ) from error


def from_unicycler(text: str, *, scale: PotentialScale, step_time_limit: float, file: str) -> tuple[Table, list[str]]:
    """Return what a protocol says in our language, and what it says that ours does not.

    Parameters
    ----------
    text : str
        JSON.
    scale : PotentialScale
        What its voltages are measured against.
    step_time_limit : float
        s, for its steps without a time.
    file : str
        Where the text is from, for the message and the programme's name.

    Raises
    ------
    ConfigurationError
        It is no such protocol, or asks for something that cannot be said.
    """
    try:
        protocol = validated_protocol(json.loads(text), file).to_dict()
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{file}: not JSON: {error}") from error
    reader = _Reader(protocol, scale, file)
    steps = nested(protocol["method"], reader.step, file)
    record = protocol["record"]
    programme: Table = {
        "name": file.rpartition("/")[2].removesuffix(".json") or "unicycler",
        "step_time_limit_s": step_time_limit,
        "sample_interval_s": max(record["time_s"], 0.05),
        "safety": reader.safety(protocol["safety"]),
        "steps": steps,
    }
    for key, unit in (("current_mA", "mA"), ("voltage_V", "V")):
        if record[key] is not None:
            reader.notes.append(f"record.{key} = {record[key]:g} {unit}: left out; samples are taken at equal times")
    return programme, reader.notes


class _Reader:
    """Takes step after step; a voltage may draw what flowed before it."""

    def __init__(self, protocol: Mapping[str, Any], scale: PotentialScale, file: str) -> None:
        self._capacity = protocol["sample"]["capacity_mAh"]
        self._scale = scale
        self._file = file
        self._most: Table | None = None
        self.notes: list[str] = []

    def step(self, number: int, it: Mapping[str, Any]) -> Table:
        """Return a step of our language for one that is no loop."""
        name = {"name": it["id"]} if it["id"] else {}
        made: Table = getattr(self, f"_{it['step']}")(f"method {number} ({it['step']})", it)
        return name | made

    def safety(self, limits: Mapping[str, Any]) -> Table:
        """Return our safety limits."""
        found: Table = {}
        for side, key in (("upper", "max_voltage_V"), ("lower", "min_voltage_V")):
            if limits[key] is not None:
                found[f"{side}_voltage"] = self._potential(limits[key])
        amperes = [abs(limits[key]) / 1000.0 for key in ("max_current_mA", "min_current_mA") if limits[key]]
        if amperes:
            found["current_A"] = max(amperes)
            if len(set(amperes)) > 1 or len(amperes) == 1:
                self.notes.append(f"safety: {max(amperes):g} A holds for charging and for discharging")
        if limits["max_capacity_mAh"]:
            found["charge_mAh"] = limits["max_capacity_mAh"]
        return found | ({"delay_s": limits["delay_s"]} if limits["delay_s"] else {})

    def _open_circuit_voltage(self, _where: str, it: Mapping[str, Any]) -> Table:
        return {"kind": "rest", "until_time_s": it["until_time_s"]}

    def _constant_current(self, _where: str, it: Mapping[str, Any]) -> Table:
        applied = self._current("current", it["rate_C"], it["current_mA"])
        (key, value), volts = next(iter(applied.items())), it["until_voltage_V"]
        self._most = {key.replace("current", "current_limit", 1): 1.5 * abs(value)}
        side = "above" if value > 0 else "below"
        end = {f"until_voltage_{side}": self._potential(volts)} if volts else {}
        return {"kind": "constant_current", **applied, **end, **_time(it)}

    def _constant_voltage(self, where: str, it: Mapping[str, Any]) -> Table:
        taper: Table = {}
        if it["until_rate_C"] or it["until_current_mA"]:
            taper = self._current("until_current_below", it["until_rate_C"], it["until_current_mA"], signed=False)
        voltage = self._potential(it["voltage_V"])
        return {"kind": "constant_voltage", "voltage": voltage, **self._limit(where), **taper, **_time(it)}

    def _voltage_scan(self, where: str, it: Mapping[str, Any]) -> Table:
        return {
            "kind": "voltage_ramp",
            "begin": self._potential(it["start_voltage_V"]),
            "end": self._potential(it["end_voltage_V"]),
            "rate_mV_per_s": it["scan_rate_mV_per_s"],
            **self._limit(where),
        }

    def _impedance_spectroscopy(self, where: str, it: Mapping[str, Any]) -> Table:
        frequencies = sorted((it["start_frequency_Hz"], it["end_frequency_Hz"]))
        spectrum: Table = {
            "low_frequency_Hz": frequencies[0],
            "high_frequency_Hz": frequencies[1],
            "points_per_decade": it["points_per_decade"],
        }
        for key, plain in (("measures_per_point", 1), ("drift_correction", False)):
            if it[key] not in (plain, None):
                self.notes.append(f"{where} {key} = {it[key]}: left out; each point is measured once, as it is")
        if it["amplitude_mA"] is not None:
            return {"kind": "geis", "amplitude_A": it["amplitude_mA"] / 1000.0 * RMS, **spectrum}
        return {"kind": "eis", "amplitude_mV": 1000.0 * it["amplitude_V"] * RMS, **spectrum, **self._limit(where)}

    def _current(self, stem: str, rate: float | None, milliamperes: float | None, *, signed: bool = True) -> Table:
        found: Table
        if rate and self._capacity:
            found = {f"{stem}_A": rate * self._capacity / 1000.0}
        elif rate:
            found = {f"{stem}_C_rate": rate}
        else:
            found = {f"{stem}_A": (milliamperes or 0.0) / 1000.0}
        return found if signed else {key: abs(value) for key, value in found.items()}

    def _limit(self, where: str) -> Table:
        if self._most is None:
            raise ConfigurationError(
                f"{self._file}: {where}: no current before it says how much may flow; current_limit_A is wanted"
            )
        return self._most

    def _potential(self, volts: float) -> Table:
        return {"value_V": volts, "scale": self._scale.value}


def _time(it: Mapping[str, Any]) -> Table:
    return {"until_time_s": it["until_time_s"]} if it["until_time_s"] else {}
