"""Cell programmes as ``operando check`` shows them: each step, and each potential on both scales."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from operando.config import Endstation


def programmes_as_facts(config: "Endstation") -> dict[str, Any]:
    """Return each cell's programme for a report in JSON, by channel; that of the cell in the press is ``main``."""
    from operando.config.programme import potentials, table

    return {
        channel or "main": {
            "name": programme.name,
            "hash": programme.hash,
            "steps": [asdict(row) for row in table(programme, _cell(config, channel))],
            "potentials": [asdict(stated) for stated in potentials(programme)],
        }
        for channel, programme in config.compiled_programmes().items()
    }


def programmes_as_text(config: "Endstation") -> str:
    """Return each cell's programme as a table for people."""
    from operando.config.programme import Words, as_text, table

    blocks = []
    for channel, programme in config.compiled_programmes().items():
        words, safety = Words(programme.counter_electrode_potential), programme.safety
        where = f"channel {channel}" if channel else "cell programme"
        lines = [f"{where}: {programme.name} (SHA-256 {programme.hash[:12]}…)"]
        lines += [f"  {line}" for line in as_text(table(programme, _cell(config, channel))).splitlines()]
        for name, volts in (("above", safety.upper_voltage), ("below", safety.lower_voltage)):
            if volts is not None:
                lines.append(f"  safety: ends at open circuit {name} {words.voltage(volts)} for {safety.delay:g} s")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _cell(config: "Endstation", channel: str) -> Any:
    from operando.config.programme import facts_of

    if not channel:
        return config.facts.cell
    found = next(it for it in config.channels if it.name == channel)
    return facts_of(found.cell, found.potentiostat, config.heater).cell
